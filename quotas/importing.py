"""Files of grants: where their plan meets the ledger."""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from core.identity import queries as identity
from core.importing.plan import Findings, Plan, Step
from core.importing.service import Asking, FileKind
from core.importing.table import Table, normalised
from quotas import grant_file, queries, service
from quotas.grant_file import Books, GrantLine
from quotas.periods import Period


def _plan(session: Session, table: Table, asking: Asking) -> Plan[GrantLine]:
    offices, findings = identity.offices(session), Findings(table)
    said = grant_file.lines(table, offices, findings)
    first = min((line.period.year for _, line in said), default=9998)
    accounts = queries.office_accounts(session)
    books = Books(
        offices,
        queries.booked(session, [line.entry_id for _, line in said]),
        queries.granted_since(session, first),
        Period.of_moment(asking.now, asking.zone),
        {(each.office_id, each.unit): each.span for each in accounts},
        {(each.office_id, each.unit) for each in accounts if each.closed(asking.now)},
    )
    return grant_file.plan(said, books, findings)


def _carry_out(session: Session, plan: Plan[GrantLine], asking: Asking) -> None:
    for item in plan.only(Step.ADD):
        line = item.target
        service.grant(
            session,
            line.entry_id,
            line.office_id,
            line.unit,
            line.period,
            line.amount,
            actor=asking.actor,
            now=asking.now,
        )


def _current(session: Session, asking: Asking) -> Iterable[Mapping[str, str]]:
    grants = queries.grants_since(session, asking.now.astimezone(asking.zone).year)
    return grant_file.written(identity.offices(session), grants)


def _hold(session: Session, table: Table) -> None:
    """Let nobody close the offices' accounts or change their terms, nor grant the same at once."""
    codes = {normalised(row.cells[grant_file.OFFICE.name]) for row in table.rows}
    offices = [each.id for each in identity.offices(session) if each.code in codes]
    service.hold_office_accounts(session, offices)


GRANTS: FileKind = FileKind(
    "grants",
    grant_file.COLUMNS,
    plan=_plan,
    carry_out=_carry_out,
    current=_current,
    hold=_hold,
)
