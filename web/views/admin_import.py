"""For the administrator: offices, people and grants from files, looked at before they are imported.

What a file would do is shown first, field by field. The button under it sends the plan's digest
back: what is imported is what was shown, or nothing.
"""

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirection

from core.errors import InvalidInput, PrintgateError
from core.importing import service
from core.importing.plan import Step
from core.importing.service import Asking, FileKind, PlanChanged
from core.importing.table import OCTETS_MAX, template, write
from core.text import Text
from web.access import ADMIN, access
from web.filters import asked_for
from web.forms import given, refused
from web.imports import KINDS
from web.language import translate
from web.services import services
from web.views.jobs import PAGE, page_number

admin_import = Blueprint("admin_import", __name__)

Answer = str | Redirection | tuple[str, int]
_STEPS = [step.value for step in Step]


@admin_import.get("/admin/import")
@access(ADMIN)
def show_kinds() -> str:
    """Show what can be imported, with templates and what there is now."""
    return render_template("admin_import.html", kinds=KINDS, form={})


@admin_import.post("/admin/import")
@access(ADMIN)
def upload() -> Answer:
    """Keep a file and show what it would do."""
    kind, sent = _kind(given("kind")), request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise InvalidInput(Text("Please choose a file."))
        # One octet more than is taken: enough to be told that it is too long.
        content = sent.stream.read(OCTETS_MAX + 1)
        with services().database.transaction() as session:
            upload_id = service.keep(session, kind, sent.filename, content, _asking())
    except InvalidInput as error:
        return refused("admin_import.html", error, kinds=KINDS)
    return redirect(url_for("admin_import.show_plan", upload_id=upload_id))


@admin_import.get("/admin/import/<upload_id>")
@access(ADMIN)
def show_plan(upload_id: str) -> str:
    """Show what a file would do, or what its import did."""
    return _preview(upload_id)


@admin_import.post("/admin/import/<upload_id>")
@access(ADMIN)
def carry_out(upload_id: str) -> Answer:
    """Import a file as it was shown; show it anew when it would do something else now."""
    with services().database.snapshot() as session:
        kind = _kind(service.find(session, upload_id, _asking()).kind)
    try:
        with services().database.transaction() as session:
            service.apply(session, kind, upload_id, given("digest"), _asking())
    except PlanChanged as error:
        return _preview(upload_id, error), error.http_status
    return redirect(url_for("admin_import.show_plan", upload_id=upload_id))


@admin_import.post("/admin/import/<upload_id>/discard")
@access(ADMIN)
def discard(upload_id: str) -> Redirection:
    """Forget a file without importing it."""
    with services().database.transaction() as session:
        service.discard(session, upload_id, _asking())
    return redirect(url_for("admin_import.show_kinds"))


@admin_import.get("/admin/import/<kind>/template.csv")
@access(ADMIN)
def download_template(kind: str) -> Response:
    """Give a file to fill in."""
    return _file(template(_kind(kind).columns, translate()), f"{kind}-template.csv")


@admin_import.get("/admin/import/<kind>/current.csv")
@access(ADMIN)
def download_current(kind: str) -> Response:
    """Give a file that says what there is: imported again, it changes nothing."""
    wanted = _kind(kind)
    with services().database.snapshot() as session:
        rows = list(wanted.current(session, _asking()))
    return _file(write(wanted.columns, rows, translate()), f"{kind}.csv")


def _preview(upload_id: str, error: PrintgateError | None = None) -> str:
    asking = _asking()
    with services().database.snapshot() as session:
        kept = service.find(session, upload_id, asking)
        kind = _kind(kept.kind)
        if kept.outcome is not None:
            return render_template("admin_import_done.html", upload=kept, kind=kind)
        table, plan = service.look(session, kind, kept.content, asking)
    chosen, page = asked_for({"step": _STEPS}), page_number()
    step = chosen.get("step")
    items = [
        item for item in plan.items if (item.step == step if step else item.step is not Step.KEEP)
    ]
    return render_template(
        "admin_import_plan.html",
        upload=kept,
        kind=kind,
        table=table,
        plan=plan,
        items=items[(page - 1) * PAGE : page * PAGE],
        step=step,
        page=page,
        pages=-(-len(items) // PAGE),
        extra=chosen.address(),
        wrong=error.text if error else None,
    )


def _kind(name: str) -> FileKind:
    if name not in KINDS:
        abort(404)
    return KINDS[name]


def _asking() -> Asking:
    return Asking(g.actor, services().clock.now(), services().zone)


def _file(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="text/csv", headers=headers)
