"""Files of offices and of people: where their plans meet the tables and the verbs."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.identity import office_file, people_file, queries, service
from core.identity.models import OfficeRow, PersonRow
from core.identity.office_file import OfficeLine
from core.identity.people_file import House, PersonLine
from core.identity.service import PersonFields
from core.importing.plan import Item, Plan, Step
from core.importing.service import Asking, FileKind
from core.importing.table import Table
from core.people import normalise_login

_CHUNK = 500


def _plan_offices(session: Session, table: Table, _asking: Asking) -> Plan[OfficeLine]:
    return office_file.plan(table, queries.offices(session))


def _plan_people(session: Session, table: Table, asking: Asking) -> Plan[PersonLine]:
    return people_file.plan(table, _house(session, asking))


def _house(session: Session, asking: Asking) -> House:
    return House(queries.offices(session), queries.everybody(session), asking.actor)


def _hold_offices(session: Session, _table: Table) -> None:
    rows = select(OfficeRow.id).order_by(OfficeRow.id).with_for_update(key_share=True)
    session.execute(rows)


def _hold_people(session: Session, table: Table) -> None:
    # Offices first: imports take turns there, and so never wait for each other in a ring.
    _hold_offices(session, table)
    logins = sorted({normalise_login(row.cells[people_file.LOGIN.name]) for row in table.rows})
    for begin in range(0, len(logins), _CHUNK):
        of_file = PersonRow.login.in_(logins[begin : begin + _CHUNK])
        rows = select(PersonRow.id).where(of_file).order_by(PersonRow.id)
        session.execute(rows.with_for_update(key_share=True))


def _carry_out_offices(session: Session, plan: Plan[OfficeLine], asking: Asking) -> None:
    # Who no longer is the office for guests goes first: there is never a second one.
    changed: list[Item[OfficeLine]] = sorted(
        plan.only(Step.CHANGE), key=lambda item: item.target.guest
    )
    for item in changed:
        line = item.target
        assert line.office_id is not None
        service.change_office(
            session,
            line.office_id,
            name=line.name,
            guest=line.guest,
            titles_visible=line.titles_visible,
            actor=asking.actor,
            now=asking.now,
        )
    for item in plan.only(Step.ADD):
        line = item.target
        service.add_office(
            session,
            code=line.code,
            name=line.name,
            guest=line.guest,
            titles_visible=line.titles_visible,
            actor=asking.actor,
            now=asking.now,
        )


def _carry_out_people(session: Session, plan: Plan[PersonLine], asking: Asking) -> None:
    for item in plan.items:
        line, person_id = item.target, item.target.person_id
        if item.step is Step.KEEP:
            continue
        if person_id is None:
            person_id = service.add_person(
                session,
                login=line.login,
                name=line.name,
                office_id=line.office_id,
                email=line.email,
                heads_own_office=line.office_id in line.heads,
                actor=asking.actor,
                now=asking.now,
            ).id
            if line.active:
                continue
        _change_person(session, person_id, line, asking)


def _change_person(session: Session, person_id: str, line: PersonLine, asking: Asking) -> None:
    fields = PersonFields(
        name=line.name,
        office_id=line.office_id,
        email=line.email,
        admin=queries.person(session, person_id).admin,
        active=line.active,
        heads=line.heads,
    )
    service.change_person(session, person_id, fields, actor=asking.actor, now=asking.now)


def _current_offices(session: Session, _asking: Asking) -> Iterable[Mapping[str, str]]:
    return office_file.written(queries.offices(session))


def _current_people(session: Session, asking: Asking) -> Iterable[Mapping[str, str]]:
    return people_file.written(_house(session, asking))


OFFICES: FileKind = FileKind(
    "offices",
    office_file.COLUMNS,
    plan=_plan_offices,
    carry_out=_carry_out_offices,
    current=_current_offices,
    hold=_hold_offices,
)
PEOPLE: FileKind = FileKind(
    "people",
    people_file.COLUMNS,
    plan=_plan_people,
    carry_out=_carry_out_people,
    current=_current_people,
    hold=_hold_people,
)
