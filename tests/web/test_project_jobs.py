"""Printing at the expense of a project, through the gateway and on the pages."""

import csv
import io
import re

import pikepdf
import pytest

from core.ids import new_uuid
from core.people import SYSTEM
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import Attribute, Group, Message, charset, integer, language, name, uri
from quotas import queries as quotas
from quotas import service
from quotas.accounts import Account
from quotas.periods import WHOLE, Period
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Site
from tests.web.test_pages import text

MONTH = Period(2026, 11)
CODE = "hy-2026"
ACCOUNTS = "/admin/accounts"


@pytest.fixture
def project(site: Site) -> Account:
    """Open an account of a meeting as the administrator does, with five sheets."""
    sent = {"name": "第二次会议", "code": f" {CODE.upper()} ", "ends_on": "2026-11-30"}
    office = site.cast.office.id
    answer = site.browser("ada").post(
        ACCOUNTS, office=office, kind="project", entry=new_uuid(), **sent
    )
    assert answer.status_code == 302
    with site.parts.database.transaction() as session:
        own, made = quotas.accounts(session, office, Unit.SHEETS)
        service.transfer(session, new_uuid(), own.id, made.id, 5, actor=SYSTEM, now=NOON)
    assert made.code == CODE
    return made


def ask(
    site: Site,
    operation: int,
    *more: Attribute,
    job: tuple[Attribute, ...] = (),
    document: bytes = b"",
    user: str = "alice",
) -> Message:
    attributes = (
        charset("attributes-charset", "utf-8"),
        language("attributes-natural-language", "zh-cn"),
        uri("printer-uri", "ipp://localhost/printers/office-a"),
        *more,
        name("requesting-user-name", user),
    )
    groups = [Group(GroupTag.OPERATION, attributes)]
    if job:
        groups.append(Group(GroupTag.JOB, job))
    answer = site.app.test_client().post(
        "/printers/office-a",
        data=encode(Message((2, 0), operation, 1, tuple(groups))) + document,
        content_type="application/ipp",
    )
    return decode_bytes(answer.data)[0]


def pdf(pages: int) -> bytes:
    paper, octets = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        paper.add_blank_page(page_size=(595, 842))
    paper.save(octets)
    return octets.getvalue()


def send(site: Site, *accounts: Attribute, pages: int = 3, user: str = "alice") -> Message:
    return ask(site, Operation.PRINT_JOB, job=accounts, document=pdf(pages), user=user)


def named(code: str) -> Attribute:
    return name("job-account-id", code)


def held(site: Site, holder: str, period: Period) -> int:
    with site.parts.database.snapshot() as session:
        assert quotas.discrepancies(session) == []
        office = site.cast.office.id
        return quotas.balance(session, office, Unit.SHEETS, period, holder=holder).held


def number_of(answer: Message) -> int:
    found = answer.group(GroupTag.JOB).get("job-id")
    assert found is not None
    content = found.first.content
    assert isinstance(content, int)
    return content


def test_a_job_that_names_a_project_is_booked_there_and_says_so(site: Site, project: Account):
    before = held(site, "", MONTH)
    answer = send(site, named(f" {CODE.upper()}"))
    assert answer.code == Status.OK
    assert held(site, project.holder, WHOLE) == 2
    assert held(site, "", MONTH) == before
    number = number_of(answer)
    told = ask(site, Operation.GET_JOB_ATTRIBUTES, integer("job-id", number))
    said = told.group(GroupTag.JOB).get("job-account-id")
    assert said is not None
    assert said.first.text() == CODE
    page = text(site.browser("alice").get(f"/jobs/{number}"))
    assert f"第二次会议 <code>{CODE}</code>" in page
    dora = site.browser("dora")
    path = f"/office/statement?account={project.holder}"
    statement = text(dora.get(path))
    assert f"/jobs/{number}" in statement
    assert '<span class="mark">第二次会议</span>' in statement
    file = dora.get(path.replace("?", ".csv?")).data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert {row["账户"] for row in rows} == {"第二次会议"}
    assert str(number) in {row["作业"] for row in rows}


def test_a_job_that_names_none_says_whose_account_it_is_booked_on(site: Site, project: Account):
    number = number_of(send(site, named("")))
    assert held(site, project.holder, WHOLE) == 0
    page = text(site.browser("alice").get(f"/jobs/{number}"))
    assert re.search(r"<dt>账户</dt><dd>单位账户</dd>", page)


def test_the_printer_says_that_it_takes_accounts_and_the_page_says_how(
    site: Site, project: Account
):
    told = ask(site, Operation.GET_PRINTER_ATTRIBUTES).group(GroupTag.PRINTER)
    supported, default = (told.get(f"job-account-id-{each}") for each in ("supported", "default"))
    assert supported is not None is not default
    assert supported.first.content is True
    creation = told.get("job-creation-attributes-supported")
    assert creation is not None
    assert "job-account-id" in {each.text() for each in creation.values}
    page = text(site.browser("alice").get("/printers"))
    assert f"-o job-account-id={CODE}" in page
    other = text(site.browser("charlie").get("/printers"))
    assert CODE not in other


@pytest.mark.parametrize(
    ("attribute", "user", "pages", "status", "says"),
    [
        (named("unknown"), "alice", 3, Status.ACCOUNT_AUTHORIZATION_FAILED, "unknown"),
        (named("会议'; --"), "alice", 3, Status.ACCOUNT_AUTHORIZATION_FAILED, "没有代码为"),
        (named("x" * 255), "alice", 3, Status.ACCOUNT_AUTHORIZATION_FAILED, "没有代码为"),
        (named(CODE), "charlie", 3, Status.ACCOUNT_AUTHORIZATION_FAILED, "没有代码为"),
        (named(CODE), "alice", 11, Status.ACCOUNT_LIMIT_REACHED, "还差 1 张"),
        (named("closed"), "alice", 3, Status.ACCOUNT_CLOSED, "已关闭"),
        (named("x" * 300), "alice", 3, Status.REQUEST_VALUE_TOO_LONG, "job-account-id"),
        (integer("job-account-id", 7), "alice", 3, Status.BAD_REQUEST, "job-account-id"),
    ],
)
def test_what_cannot_be_booked_there_is_refused_and_costs_nothing(
    site: Site, project: Account, attribute, user: str, pages: int, status: Status, says: str
):
    with site.parts.database.transaction() as session:
        closed = service.open_project(
            session, new_uuid(), site.cast.office.id, Unit.SHEETS, name="关了", code="closed",
            ends_at=NOON.replace(day=29), actor=SYSTEM, now=NOON,
        )  # fmt: skip
        service.close_account(session, closed.id, actor=SYSTEM, now=NOON)
    before = held(site, "", MONTH)
    answer = send(site, attribute, pages=pages, user=user)
    assert answer.code == status
    message = answer.group(GroupTag.OPERATION).get("status-message")
    assert message is not None
    assert says in message.first.text()
    assert (held(site, project.holder, WHOLE), held(site, "", MONTH)) == (0, before)


def test_the_page_of_a_refused_job_names_the_account_and_what_to_do(site: Site, project: Account):
    assert send(site, named("unknown")).code == Status.ACCOUNT_AUTHORIZATION_FAILED
    alice = site.browser("alice")
    newest = max(int(each) for each in re.findall(r"/jobs/(\d+)", text(alice.get("/jobs"))))
    page = text(alice.get(f"/jobs/{newest}"))
    assert "<code>unknown</code>" in page
    assert "由本单位承担" in page
    assert "未扣用张数" in page


@pytest.mark.parametrize("code", ["-", "x" * 33, "会议", "a b", CODE])
def test_a_code_that_cannot_be_is_refused_beside_its_field(site: Site, project: Account, code: str):
    office = site.cast.office.id
    sent = {"name": "第三次会议", "code": code, "ends_on": "2026-11-30", "entry": new_uuid()}
    answer = site.browser("ada").post(ACCOUNTS, office=office, kind="project", **sent)
    assert answer.status_code == (409 if code == CODE else 400)
    field = re.search(r'<input id="project-code"[^>]*>', answer.get_data(as_text=True))
    assert field is not None
    assert 'aria-invalid="true"' in field[0]
    with site.parts.database.snapshot() as session:
        assert len(quotas.accounts(session, office, Unit.SHEETS)) == 2
