"""The first office and the first people: what must be there before anybody can use a page."""

from core.clock import SystemClock
from core.db import Database
from core.identity import queries as identity
from core.identity import service
from core.people import SYSTEM
from quotas import service as quotas
from quotas.periods import Period
from quotas.units import Unit


class NoSuchOffice(Exception):
    """No office has this code."""


def add_office(database: Database, code: str, name: str, *, sheets: int, guest: bool) -> None:
    """Add an office and, if `sheets` is above zero, grant it that many for the current month."""
    now = SystemClock().now()
    with database.transaction() as session:
        office = service.add_office(
            session, code=code, name=name, guest=guest, actor=SYSTEM, now=now
        )
        if sheets:
            period = Period.of_moment(now)
            quotas.grant(
                session,
                f"{office.id}:{period.key}",
                office.id,
                Unit.SHEETS,
                period,
                sheets,
                actor=SYSTEM,
                now=now,
            )


def add_person(
    database: Database, login: str, name: str, office_code: str, password: str, *, admin: bool
) -> None:
    """Add a person to an office; NoSuchOffice if no office has the code."""
    with database.transaction() as session:
        office = next((o for o in identity.offices(session) if o.code == office_code), None)
        if office is None:
            raise NoSuchOffice(office_code)
        service.add_person(
            session,
            login=login,
            name=name,
            office_id=office.id,
            password=password,
            admin=admin,
            actor=SYSTEM,
            now=SystemClock().now(),
        )
