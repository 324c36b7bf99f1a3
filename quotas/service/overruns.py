"""Telling of what a soft account let through: a record, and news to who answers for the account."""

from sqlalchemy.orm import Session

from core import audit, notices
from core.identity import queries as identity
from core.people import Actor
from core.text import counted
from quotas.service.taking import Asked


def tell(session: Session, asked: Asked, key: str, over: int, actor: Actor) -> None:
    """Record that a job (its key) overran its account by `over`, and tell the office's heads.

    The administrators where it has no head; never who sent the job: they are told with it.
    """
    details = {"unit": asked.unit, "amount": asked.amount, "over": over}
    audit.record(session, actor, "quota.over", key, details, asked.now)
    text = counted(
        "{name} printed {n} sheet more than the account has; the rules let that through.",
        "{name} printed {n} sheets more than the account has; the rules let that through.",
        over,
        name=actor.name,
    )
    for each in identity.heads_of(session, asked.office_id) or identity.administrators(session):
        if each.id != actor.person_id:
            path = f"/office?office={asked.office_id}"
            notices.notify(session, each.id, text, path, now=asked.now)
