"""Imports on both databases: all or nothing, exactly what was shown, and once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core import audit
from core.audit import AuditRow
from core.db import Database
from core.errors import NotFound
from core.identity import queries as identity
from core.identity import service as identity_service
from core.identity.importing import OFFICES, PEOPLE
from core.importing import service
from core.importing.models import UploadRow
from core.importing.plan import Step
from core.importing.service import Asking, FileKind, PlanChanged
from core.importing.table import write
from core.people import SYSTEM, Actor
from core.tasks import service as tasks
from core.text import in_english
from quotas import queries as quotas
from quotas import service as quotas_service
from quotas.importing import GRANTS
from quotas.periods import Period, Span
from quotas.units import Unit
from tests.conftest import NOON, Cast
from tests.contracts.at_once import at_once, failures

pytestmark = pytest.mark.both_databases

ZONE = ZoneInfo("Asia/Shanghai")
MONTH = Period(2026, 11)


def asking(cast: Cast, later: timedelta = timedelta(0)) -> Asking:
    return Asking(Actor.of(cast.ada), NOON + later, ZONE)


def kept(database: Database, cast: Cast, kind: FileKind, content: bytes) -> tuple[str, str]:
    """Send a file; return its id and the digest of what it would do."""
    with database.transaction() as session:
        upload_id = service.keep(session, kind, "list.csv", content, asking(cast))
    with database.snapshot() as session:
        _, plan = service.look(session, kind, content, asking(cast))
    return upload_id, plan.digest


def imported(database: Database, cast: Cast, kind: FileKind, content: str) -> dict[str, int]:
    upload_id, digest = kept(database, cast, kind, content.encode())
    with database.transaction() as session:
        outcome = service.apply(session, kind, upload_id, digest, asking(cast)).outcome
    assert outcome is not None
    return dict(outcome)


def state(database: Database, cast: Cast) -> dict[str, list[dict[str, str]]]:
    with database.snapshot() as session:
        return {
            kind.name: [dict(row) for row in kind.current(session, asking(cast))]
            for kind in (OFFICES, PEOPLE, GRANTS)
        }


@contextmanager
def nothing_done(database: Database, cast: Cast) -> Iterator[None]:
    def everything() -> object:
        with database.snapshot() as session:
            records = session.scalar(select(func.count()).select_from(AuditRow))
        return records, state(database, cast)

    before = everything()
    yield
    assert everything() == before


def test_offices_then_people_then_grants(database: Database, cast: Cast):
    assert imported(
        database, cast, OFFICES,
        "code,name,guests,titles\nnew,研究室,否,是\nlegal,法制委,否,否\nguest,来宾,是,否\n",
    ) == {"add": 1, "change": 1, "keep": 1}  # fmt: skip
    assert imported(
        database, cast, PEOPLE,
        "login,name,office,head,mail,active\n"
        "sun,孙磊,new,yes,sun@example.org,yes\nbob,张伟强,new,no,,yes\nleft,离任,new,no,,no\n"
        "alice,王芳,general,no,alice@example.org,yes\n",
    ) == {"add": 2, "change": 1, "keep": 1}  # fmt: skip
    grants = "office,month,amount\nnew,2026-11,300\nnew,2026-12,300\n"
    assert imported(database, cast, GRANTS, grants) == {"add": 2, "change": 0, "keep": 0}
    assert imported(database, cast, GRANTS, grants) == {"add": 0, "change": 0, "keep": 2}
    with database.snapshot() as session:
        (new,) = [each for each in identity.offices(session) if each.code == "new"]
        sun = identity.person_by_login(session, "sun")
        bob = identity.person(session, cast.bob.id)
        balance = quotas.balance(session, new.id, Unit.SHEETS, MONTH)
        assert quotas.discrepancies(session) == []
        assert audit.first_broken_seq(session) is None
    assert sun is not None
    assert (sun.heads, sun.email, sun.admin) == (frozenset({new.id}), "sun@example.org", False)
    assert (bob.name, bob.office_id) == ("张伟强", new.id)
    assert balance.granted == 300
    with database.transaction() as session:
        # Without a password nobody signs in, whatever they type.
        assert identity_service.sign_in(session, "sun", "", now=NOON) is None
        assert identity.person_by_login(session, "left") is None


@pytest.mark.parametrize("kind", [OFFICES, PEOPLE, GRANTS], ids=lambda kind: kind.name)
def test_what_there_is_goes_out_and_changes_nothing_when_it_comes_back(
    database: Database, cast: Cast, kind: FileKind
):
    with database.transaction() as session:
        identity_service.change_office(
            session, cast.other.id, name="=HYPERLINK(1)", guest=False, titles_visible=True,
            actor=SYSTEM, now=NOON,
        )  # fmt: skip
        identity_service.add_person(
            session, login="#1", name='+86 "王", \'x', office_id=cast.other.id, actor=SYSTEM,
            now=NOON,
        )  # fmt: skip
        for entry_id, unit, amount in (("a", Unit.SHEETS, 5), ("b", Unit.TONER, 1_234_567)):
            quotas_service.grant(
                session, entry_id, cast.office.id, unit, MONTH, amount, actor=SYSTEM, now=NOON
            )
    imported(database, cast, GRANTS, "office,month,amount\ngeneral,2026-11,70\n")
    with database.snapshot() as session:
        rows = list(kind.current(session, asking(cast)))
    content = write(kind.columns, rows, in_english)
    assert len(rows) > 2
    with nothing_done(database, cast), database.snapshot() as session:
        _, plan = service.look(session, kind, content, asking(cast))
        assert plan.faults == ()
        assert plan.count(Step.KEEP) == len(rows) == len(plan.items)
        assert not plan.ready


def test_grants_go_into_the_periods_that_an_account_is_kept_in(database: Database, cast: Cast):
    imported(database, cast, GRANTS, "office,month,amount\ngeneral,2026-11,70\n")
    with database.transaction() as session:
        for office, span in ((cast.office, Span.QUARTER), (cast.other, Span.YEAR)):
            quotas_service.set_terms(
                session, office.id, Unit.SHEETS, span=span, carry_max=0, adjust_max=None,
                actor=SYSTEM, now=NOON,
            )  # fmt: skip
        own = quotas_service.open_person_account(
            session, cast.office.id, Unit.SHEETS, cast.bob.id, actor=SYSTEM, now=NOON
        )
        quotas_service.grant(
            session, "hers", cast.office.id, Unit.SHEETS, own.period_at(NOON), 9,
            holder=own.holder, actor=SYSTEM, now=NOON,
        )  # fmt: skip
    content = (
        "单位代码,周期,数量,计量单位\ngeneral,2026年第四季度,300,\ngeneral,2027-Q1,300,\n"
        "legal,2026,900,\nlegal,2026-12,4,品红\n"
    )
    assert imported(database, cast, GRANTS, content) == {"add": 4, "change": 0, "keep": 0}
    assert imported(database, cast, GRANTS, content) == {"add": 0, "change": 0, "keep": 4}
    with database.snapshot() as session:
        quarter, year = Period(2026, 10, Span.QUARTER), Period(2026, 1, Span.YEAR)
        of_office = quotas.balance(session, cast.office.id, Unit.SHEETS, quarter, holder="")
        # What was left of November went into the quarter when the terms changed.
        assert of_office.granted == 370
        assert quotas.balance(session, cast.other.id, Unit.SHEETS, year).granted == 900
        ink = quotas.balance(session, cast.other.id, Unit.MAGENTA, Period(2026, 12))
        assert ink.granted == 4_000_000
        assert quotas.discrepancies(session) == []
        rows = list(GRANTS.current(session, asking(cast)))
        assert [row["period"] for row in rows] == [
            "2026-11", "2026-Q4", "2027-Q1", "2026", "2026-12"
        ]  # fmt: skip
        _, plan = service.look(
            session, GRANTS, write(GRANTS.columns, rows, in_english), asking(cast)
        )
        assert (plan.faults, plan.count(Step.KEEP), plan.ready) == ((), 5, False)


def test_terms_that_changed_since_it_was_shown_import_nothing(database: Database, cast: Cast):
    content = "office,month,amount\ngeneral,2026-12,5\nlegal,2026-12,5\n"
    upload_id, digest = kept(database, cast, GRANTS, content.encode())
    with database.transaction() as session:
        quotas_service.set_terms(
            session, cast.other.id, Unit.SHEETS, span=Span.YEAR, carry_max=0, adjust_max=None,
            actor=SYSTEM, now=NOON,
        )  # fmt: skip
    with (
        nothing_done(database, cast),
        pytest.raises(PlanChanged),
        database.transaction() as session,
    ):
        service.apply(session, GRANTS, upload_id, digest, asking(cast))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (OFFICES, "code,name\nnew,研究室\nBAD,x\n"),
        (PEOPLE, "login,name,office\nnew,新人,general\nother,他,nowhere\n"),
        (GRANTS, "office,month,amount\ngeneral,2026-11,5\ngeneral,2026-12,-5\n"),
        (GRANTS, 'office,month,amount\ngeneral,2026-11,5\ngeneral,2026-12,"5\n'),
    ],
)
def test_a_file_with_a_fault_is_not_imported_at_all(
    database: Database, cast: Cast, kind: FileKind, content: str
):
    upload_id, digest = kept(database, cast, kind, content.encode())
    with (
        nothing_done(database, cast),
        pytest.raises(PlanChanged),
        database.transaction() as session,
    ):
        service.apply(session, kind, upload_id, digest, asking(cast))


def test_what_changed_since_it_was_shown_is_not_imported(database: Database, cast: Cast):
    content = "login,name,office\nnew,新人,general\nbob,张伟强,general\n"
    upload_id, digest = kept(database, cast, PEOPLE, content.encode())
    with database.transaction() as session:
        identity_service.add_person(
            session, login="new", name="别人", office_id=cast.other.id, actor=SYSTEM, now=NOON
        )
    with (
        nothing_done(database, cast),
        pytest.raises(PlanChanged),
        database.transaction() as session,
    ):
        service.apply(session, PEOPLE, upload_id, digest, asking(cast))
    with database.snapshot() as session:
        _, plan = service.look(session, PEOPLE, content.encode(), asking(cast))
    assert [item.step for item in plan.items] == [Step.CHANGE, Step.CHANGE]
    with database.transaction() as session:
        service.apply(session, PEOPLE, upload_id, plan.digest, asking(cast))
    with nothing_done(database, cast), database.transaction() as session:
        again = service.apply(session, PEOPLE, upload_id, plan.digest, asking(cast))
        assert again.outcome == {"add": 0, "change": 2, "keep": 0}
        assert again.content == b""


def test_many_who_import_the_same_at_once_import_it_once(database: Database, cast: Cast):
    people = "login,name,office\n" + "".join(f"p{n},人{n},general\n" for n in range(20))
    grants = "office,month,amount\ngeneral,2026-12,100\n"
    agreed = [
        (kind, *kept(database, cast, kind, content.encode()))
        for kind, content in ((PEOPLE, people), (GRANTS, grants))
    ]

    def import_both(number: int) -> None:
        kind, upload_id, digest = agreed[number % 2]
        database.run(lambda session: service.apply(session, kind, upload_id, digest, asking(cast)))

    assert failures(at_once(8, import_both)) == []
    with database.snapshot() as session:
        assert quotas.balance(session, cast.office.id, Unit.SHEETS, Period(2026, 12)).granted == 100
        assert len(identity.everybody(session)) == 25
        assert audit.first_broken_seq(session) is None


def test_two_administrators_with_the_same_file(database: Database, cast: Cast):
    content = ("login,name,office\n" + "".join(f"p{n},人{n},general\n" for n in range(20))).encode()
    with database.snapshot() as session:
        _, plan = service.look(session, PEOPLE, content, asking(cast))

    def run(_number: int) -> object:
        return database.run(
            lambda session: service.carry_out(session, PEOPLE, content, plan.digest, asking(cast))
        )

    outcomes = at_once(4, run)
    assert failures(outcomes, PlanChanged) == []
    assert sum(isinstance(each, dict) for each in outcomes) == 1
    with database.snapshot() as session:
        assert len(identity.everybody(session)) == 25


def test_a_file_is_its_senders_and_is_kept_for_an_hour(database: Database, cast: Cast):
    first, _ = kept(database, cast, OFFICES, b"code,name\nnew,x\n")
    other, _ = kept(database, cast, PEOPLE, b"login,name,office\n")
    second, digest = kept(database, cast, OFFICES, b"code,name\nnew,x\n")
    bob = Asking(Actor.of(cast.bob), NOON, ZONE)
    late = asking(cast, service.KEPT_FOR)
    for upload_id, who in ((first, asking(cast)), (second, bob), (second, late), ("x", late)):
        with pytest.raises(NotFound), database.transaction() as session:
            service.apply(session, OFFICES, upload_id, digest, who)
        with pytest.raises(NotFound), database.transaction() as session:
            service.discard(session, upload_id, who)
        with pytest.raises(NotFound), database.snapshot() as session:
            service.find(session, upload_id, who)
    with database.transaction() as session:
        service.discard(session, second, asking(cast))
    with database.transaction() as session:
        assert session.scalars(select(UploadRow.id)).all() == [other]
        while task := tasks.claim_due(session, now=late.now):
            assert task.name == service.DISCARD_TASK
            service.forget(session, task, now=late.now)
        assert session.scalars(select(UploadRow.id)).all() == []
