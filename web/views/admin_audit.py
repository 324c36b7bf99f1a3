"""For the administrator: the audit trail, who did what to which thing."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template

from core import audit
from core.audit import AuditSearch
from quotas.chain import BOOK
from web.access import ADMIN, access
from web.deeds import DEEDS
from web.filters import asked_for
from web.services import services
from web.views.jobs import PAGE, page_number

admin_audit = Blueprint("admin_audit", __name__)


@admin_audit.get("/admin/audit")
@access(ADMIN)
def show_audit() -> str:
    """Show the records of the audit trail, newest first, as the filter asks."""
    chosen, page = asked_for({}, "person", "action", "subject"), page_number()
    search = AuditSearch(
        actor=chosen.get("person"),
        action=chosen.get("action"),
        subject=chosen.get("subject"),
        since=chosen.since,
        before=chosen.before,
    )
    with services().database.snapshot() as session:
        count = audit.count_records(session, search)
        records = audit.find_records(session, search, limit=PAGE, offset=(page - 1) * PAGE)
    return render_template(
        "admin_audit.html",
        deeds=DEEDS,
        records=[(each, _written(each.details)) for each in records],
        count=count,
        page=page,
        pages=-(-count // PAGE),
        filter=chosen,
    )


def _written(details: Mapping[str, Any]) -> str:
    if not details:
        return ""
    # What a row elsewhere is proved by: its beginning is enough to be recognised.
    shown = {
        key: {row: f"{digest[:8]}…" for row, digest in value.items()} if key == BOOK else value
        for key, value in details.items()
    }
    return json.dumps(shown, ensure_ascii=False, sort_keys=True)
