"""Bad input to every form that moves units or sets limits: each field with each kind of nonsense.

The answer is a page that says what is wrong (4xx), and the books are as they were: not an entry,
not a term, not an account more. What is listed as `fine` is what the form takes; the survey
replaces one field at a time, so that each answer is about that field.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.ids import new_uuid
from core.people import SYSTEM
from quotas import queries as quotas
from quotas import service
from quotas.models import AccountRow, EntryRow
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site

NUMBERS = [
    "",
    "-1",
    "1.5",
    "1,5",
    "1e3",
    "９",
    "0x10",
    "NaN",
    "99999999",
    "9" * 400,
    "5 kg",
    "1\x00",
]
"""Negative, fractional, of another notation, huge, in another unit, with a control character."""
SIGNED = [each for each in NUMBERS if each != "-1"]
DAYS = ["", "2026-11-31", "20261", "2026-11-30T00:00", "tomorrow", "10000-01-01", "-1", "9" * 400]
LONG_PAST = ["0001-01-01", "1899-12-31"]
IDS = ["", "x", "%00", "../own", "00000000-0000-4000-8000-000000000000", "x" * 5000, "'; --"]
REASONS = ["", " ", "\u202e", "\x00"]
ACCOUNTS, GRANTS, REQUEST = "/admin/accounts", "/admin/grants", "/requests/new"


@dataclass(frozen=True)
class Form:
    """A form: where it is sent, what it takes, and what may not stand in its fields."""

    path: str
    login: str
    fine: dict[str, str]
    wrong: dict[str, list[str]] = field(default_factory=dict)


FORMS = {
    "terms": Form(
        ACCOUNTS, "ada",
        {"kind": "terms", "span": "quarter", "carry_max": "4", "adjust_max": "9"},
        {
            "span": ["", "week", "project", "MONTH", *IDS],
            "carry_max": NUMBERS,
            "adjust_max": NUMBERS[1:],
        },
    ),
    "@project": Form(
        ACCOUNTS, "ada",
        {"kind": "project", "name": "会议", "ends_on": "2026-12-30"},
        {
            "name": ["", " ", "\x00"],
            "ends_on": [*DAYS, *LONG_PAST, "2026-11-01"],
            "entry": IDS[:4],
        },
    ),
    "person": Form(
        ACCOUNTS, "ada", {"kind": "person", "person": "@bob"}, {"person": [*IDS, "@charlie"]}
    ),
    "transfer": Form(
        ACCOUNTS, "ada",
        {"kind": "transfer", "from": "@own", "to": "@project", "sheets": "1", "reason": "调剂"},
        {
            "from": [*IDS, "@theirs", "@closed", "@toner"],
            "to": [*IDS, "@own", "@closed", "@toner"],
            "sheets": [*NUMBERS, "0", "9999999"],
            "entry": IDS[:4],
        },
    ),
    "close": Form(
        ACCOUNTS, "ada",
        {"kind": "close", "account": "@project"},
        {"account": [*IDS, "@own", "@theirs", "@toner"]},
    ),
    "grant": Form(
        GRANTS, "ada",
        {"kind": "grant", "month": "2026-11", "sheets": "5"},
        {"sheets": [*NUMBERS, "0"], "entry": IDS[:4], "kind": ["", "gift"], "office": IDS},
    ),
    "adjust": Form(
        GRANTS, "ada",
        {"kind": "adjust", "month": "2026-11", "sheets": "-5", "reason": "更正"},
        {"sheets": [*SIGNED, "0", "-4999"], "entry": IDS[:4], "reason": REASONS},
    ),
    "request": Form(
        REQUEST, "alice",
        {"account": "@home", "sheets": "5", "reason": "全会材料"},
        {
            "sheets": [*NUMBERS, "0"],
            "reason": REASONS,
            "entry": IDS[:4],
            "account": [*IDS, "@other", "@own"],
        },
    ),
}  # fmt: skip
CASES = [(name, place) for name, form in FORMS.items() for place in form.wrong]


@pytest.fixture
def known(site: Site) -> dict[str, str]:
    """Accounts of all sorts, by the words that the table has for them."""
    home, other = site.cast.office.id, site.cast.other.id
    with site.parts.database.transaction() as session:
        theirs = service.open_account(session, other, Unit.SHEETS, now=NOON)
        toner = service.open_account(session, home, Unit.TONER, now=NOON)
        made = [
            service.open_project(
                session, new_uuid(), home, Unit.SHEETS, name=name,
                ends_at=NOON + timedelta(days=20), actor=SYSTEM, now=NOON,
            )
            for name in ("开着", "关了")
        ]  # fmt: skip
        service.close_account(session, made[1].id, actor=SYSTEM, now=NOON)
        own = quotas.account_for(session, home, Unit.SHEETS, None, now=NOON)
    assert own is not None
    people = {"@bob": site.cast.bob.id, "@charlie": site.cast.charlie.id}
    accounts = {"@own": own.id, "@theirs": theirs, "@toner": toner}
    return {
        **people,
        **accounts,
        "@project": made[0].id,
        "@closed": made[1].id,
        "@other": other,
        "@home": home,
    }


def books(site: Site) -> tuple[object, ...]:
    """Return what a refusal leaves as it is: how many entries and requests, and each account."""
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        rows = session.execute(select(AccountRow.__table__).order_by(AccountRow.id)).all()
        return session.scalar(select(func.count()).select_from(EntryRow)), rows


def sent(site: Site, form: Form, known: dict[str, str], **more: str):
    fields = {"office": site.cast.office.id, "entry": new_uuid(), **form.fine, **more}
    fields = {name: known.get(value, value) for name, value in fields.items()}
    return site.browser(form.login).post(form.path, **fields)


@pytest.mark.parametrize("name", FORMS)
def test_what_the_survey_begins_with_is_taken(site: Site, known: dict[str, str], name: str):
    assert sent(site, FORMS[name], known).status_code == 302


@pytest.mark.parametrize(("name", "place"), CASES)
def test_nonsense_is_named_and_changes_nothing(
    site: Site, known: dict[str, str], name: str, place: str
):
    form, before, taken = FORMS[name], books(site), []
    for value in form.wrong[place]:
        answer = sent(site, form, known, **{place: value})
        page = answer.get_data(as_text=True)
        named = 'role="alert"' in page and "Traceback" not in page
        if not (400 <= answer.status_code < 500 and named and books(site) == before):
            taken.append((value[:40], answer.status_code))
            before = books(site)
    assert taken == []
