"""The administrator's pages of imports."""

import re
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from core.identity import queries as identity
from core.identity import service as identity_service
from core.importing.table import OCTETS_MAX, ROWS_MAX
from core.people import SYSTEM
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from tests.conftest import NOON
from tests.web.conftest import Browser, Site
from tests.web.test_pages import text
from web.app import FORM_OCTETS_MAX

PATH = "/admin/import"
PEOPLE = "登录名,姓名,单位代码,负责人\nsunlei,孙磊,legal,是\nbob,张伟强,legal,\n"


def send(browser: Browser, kind: str, content: str | bytes, name: str = "名单.csv"):
    octets = content.encode() if isinstance(content, str) else content
    page = browser.get("/sign-in").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    fields = {"csrf_token": token, "kind": kind, "file": FileStorage(BytesIO(octets), name)}
    # Made here: the test client would leave its temporary file for large ones open.
    boundary, body = encode_multipart(fields)
    content_type = f"multipart/form-data; boundary={boundary}"
    return browser.client.post(PATH, data=body, content_type=content_type)


def sent(browser: Browser, kind: str, content: str | bytes) -> tuple[str, str]:
    """Send a file; return its page's address and the page."""
    answer = send(browser, kind, content)
    assert answer.status_code == 302
    return answer.location, text(browser.get(answer.location))


def digest(page: str) -> str:
    return str(re.findall(r'name="digest" value="([0-9a-f]{64})"', page)[0])


def people(site: Site) -> dict[str, tuple[str, str]]:
    with site.parts.database.snapshot() as session:
        codes = {office.id: office.code for office in identity.offices(session)}
        return {
            each.login: (each.name, codes[each.office_id]) for each in identity.everybody(session)
        }


def test_a_file_is_looked_at_and_then_imported_as_it_was_shown(site: Site):
    ada, before = site.browser("ada"), people(site)
    address, page = sent(ada, "people", PEOPLE)
    for words in ("张伟", "张伟强", "general", "legal", "孙磊", "名单.csv", "UTF-8", "逗号分隔"):
        assert words in page
    assert people(site) == before
    for _ in range(2):
        assert ada.post(address, digest=digest(page)).location == address
    assert people(site) == {**before, "sunlei": ("孙磊", "legal"), "bob": ("张伟强", "legal")}
    assert "已全部导入" in text(ada.get(address))
    _, again = sent(ada, "people", PEOPLE)
    assert "无需导入" in again
    assert "digest" not in again


def test_faults_name_line_and_column_and_nothing_is_imported(site: Site):
    ada, before = site.browser("ada"), people(site)
    address, page = sent(ada, "people", PEOPLE + "x,某人,nowhere,也许\n,无名,legal,\n")
    rows = re.findall(
        r'class="number">(\d+)</td><td data-label="列"><code>([^<]+)</code></td>'
        r'<td data-label="[^"]+">(.+?)</td>',
        page,
    )
    assert [(line, column) for line, column, _ in rows] == [
        ("4", "单位代码"), ("4", "负责人"), ("5", "登录名")
    ]  # fmt: skip
    assert "nowhere" in rows[0][2]
    assert "digest" not in page
    # Whoever makes the form up is refused, and sees the faults again.
    answer = ada.post(address, digest="0" * 64)
    assert answer.status_code == 409
    assert "nowhere" in answer.get_data(as_text=True)
    assert people(site) == before


def test_what_changed_meanwhile_is_shown_again(site: Site):
    ada = site.browser("ada")
    address, page = sent(ada, "people", PEOPLE)
    with site.parts.database.transaction() as session:
        identity_service.add_person(
            session, login="sunlei", name="别人", office_id=site.cast.office.id, actor=SYSTEM,
            now=NOON,
        )  # fmt: skip
    answer = ada.post(address, digest=digest(page))
    anew = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "预览之后情况有变" in anew
    assert "别人" in anew
    assert people(site)["sunlei"] == ("别人", "general")
    assert ada.post(address, digest=digest(anew)).status_code == 302
    assert people(site)["sunlei"] == ("孙磊", "legal")


def test_grants_of_the_same_file_are_entered_once(site: Site):
    ada = site.browser("ada")
    content = "单位代码,月份,数量\ngeneral,2026年12月,500\n".encode("gb18030")
    for _ in range(2):
        address, page = sent(ada, "grants", content)
        if "digest" in page:
            assert "GB18030" in page
            ada.post(address, digest=digest(page))
    with site.parts.database.snapshot() as session:
        balance = quotas.balance(session, site.cast.office.id, Unit.SHEETS, Period(2026, 12))
    assert balance.granted == 500


def test_long_files_come_in_pages(site: Site):
    ada = site.browser("ada")
    lines = "".join(f"p{number},人{number},legal\n" for number in range(60))
    address, page = sent(ada, "people", f"login,name,office\n{lines}bob,张伟,general\n")
    assert page.count("<code>p") == 25
    (onward,) = re.findall(r'href="([^"]+)" rel="next"', page)
    assert text(ada.get(onward.replace("&amp;", "&"))).count("<code>p") == 25
    only = text(ada.get(f"{address}?step=keep"))
    assert "张伟" in only
    assert "<code>p" not in only
    assert ada.get(f"{address}?step=x&page=x").status_code == 200


def test_templates_and_what_there_is_come_as_files(site: Site):
    for language, header in (("zh-CN", "登录名"), ("en", "Sign-in name")):
        ada = site.browser("ada", language)
        for kind in ("offices", "people", "grants"):
            for name in ("template", "current"):
                answer = ada.get(f"{PATH}/{kind}/{name}.csv")
                assert answer.status_code == 200
                assert answer.mimetype == "text/csv"
                assert "attachment" in answer.headers["Content-Disposition"]
                assert answer.headers["Cache-Control"] == "no-store"
                _, page = sent(ada, kind, answer.data)
                assert ("无需导入" in page) or ("nothing to import" in page), (kind, name)
        listed = ada.get(f"{PATH}/people/current.csv").data.decode("utf-8-sig")
        assert listed.splitlines()[0].startswith(header)
        assert "alice@example.org" in listed
        assert "correct horse" not in listed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "是空的"),
        (b"PK\x03\x04" + b"x" * 100, "工作簿"),
        ("登录名,姓名,单位代码,密码\na,b,legal,secret\n".encode(), "不得有密码"),
        (b"login,name,office\n" + b"a,\0,legal\n", "空字符"),
        (b"x" * (OCTETS_MAX + 1), "MiB"),
        (b"login,name,office\n" + b"a,b,c\n" * (ROWS_MAX + 10), "分几次"),
        (b"login,name,office\n<script>alert(1)</script>,b,<b>\n", "&lt;b&gt;"),
    ],
)
def test_hostile_files(site: Site, content: bytes, words: str):
    ada, before = site.browser("ada"), people(site)
    _, page = sent(ada, "people", content)
    assert words in page
    assert "<script>alert" not in page
    assert "secret" not in page
    assert people(site) == before


def test_forms_that_make_no_sense(site: Site):
    ada = site.browser("ada")
    assert send(ada, "printers", PEOPLE).status_code == 404
    assert ada.post(PATH, kind="people").status_code == 400
    no_file = send(ada, "people", b"", name="")
    assert no_file.status_code == 400
    assert "请选择文件" in no_file.get_data(as_text=True)
    assert send(ada, "people", b"x" * FORM_OCTETS_MAX).status_code == 413
    for path in (f"{PATH}/printers/template.csv", f"{PATH}/printers/current.csv", f"{PATH}/x"):
        assert ada.get(path).status_code == 404
    for path in (f"{PATH}/x", f"{PATH}/x/discard"):
        assert ada.post(path).status_code == 404
    assert ada.client.put(PATH).status_code == 405


def test_a_file_is_its_senders(site: Site):
    with site.parts.database.transaction() as session:
        identity_service.add_person(
            session, login="eve", name="另一管理员", office_id=site.cast.other.id, admin=True,
            password="correct horse", actor=SYSTEM, now=NOON,
        )  # fmt: skip
    ada, eve = site.browser("ada"), site.browser("eve")
    address, page = sent(ada, "people", PEOPLE)
    assert eve.get(address).status_code == 404
    assert eve.post(address, digest=digest(page)).status_code == 404
    assert eve.post(f"{address}/discard").status_code == 404
    assert ada.post(f"{address}/discard").location == PATH
    assert ada.get(address).status_code == 404
    assert ada.post(address, digest=digest(page)).status_code == 404
    assert "sunlei" not in people(site)
