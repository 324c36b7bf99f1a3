"""The administrator's pages of people."""

import re

import pytest

from core import audit
from core.identity import queries as identity
from core.identity import service
from core.people import SYSTEM
from tests.conftest import NOON
from tests.web.conftest import PASSWORD, Site
from tests.web.test_pages import text

PATH = "/admin/people"


def by_login(site: Site, login: str):
    with site.parts.database.snapshot() as session:
        (found,) = identity.find_persons(session, login, None, limit=2)
        return found


def shown_password(page: str) -> str:
    found = re.findall(r'<code class="secret">([^<]+)</code>', page)
    assert len(found) == 1
    return str(found[0])


def test_people_are_found_by_what_is_known_of_them(site: Site):
    ada = site.browser("ada")
    everybody = text(ada.get(PATH))
    assert "找到 5 人" in everybody
    assert all(name in everybody for name in ("王芳", "张伟", "赵敏", "李建国"))
    for words, found in (
        ("王", {"王芳"}), ("BOB", {"张伟"}), ("example.org", {"王芳"}), ("%", set()), ("_", set()),
    ):  # fmt: skip
        page = text(ada.get(f"{PATH}?q={words.replace('%', '%25')}"))
        assert {name for name in ("王芳", "张伟", "赵敏") if f">{name}</a>" in page} == found, words
    page = text(ada.get(f"{PATH}?office={site.cast.other.id}"))
    assert "赵敏" in page
    assert ">王芳</a>" not in page
    assert "没有符合的人员" in text(ada.get(f"{PATH}?q=nobody"))
    assert ada.get(f"{PATH}?office=x&page=abc").status_code == 200


def test_long_lists_come_in_pages_that_keep_the_search(site: Site):
    with site.parts.database.transaction() as session:
        for number in range(30):
            service.add_person(
                session, login=f"extra{number}", name=f"临时{number:02}", actor=SYSTEM, now=NOON,
                office_id=site.cast.other.id,
            )  # fmt: skip
    ada = site.browser("ada")
    first = text(ada.get(f"{PATH}?q=临时"))
    assert "找到 30 人" in first
    (onward,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = text(ada.get(onward.replace("&amp;", "&")))
    assert second.count(">临时") == 5


def test_a_person_is_added_and_signs_in_with_the_password_that_was_shown(site: Site):
    ada = site.browser("ada")
    answer = ada.post(
        f"{PATH}/new", login="Sun.Lei", name="孙磊", office=site.cast.other.id,
        email="sun@example.org", head="on",
    )  # fmt: skip
    password = shown_password(text(answer))
    made = by_login(site, "sun.lei")
    assert (made.name, made.heads, made.admin) == ("孙磊", {site.cast.other.id}, False)
    assert password not in text(ada.get(f"{PATH}/{made.id}"))
    assert site.browser().post("/sign-in", login="sun.lei", password=password).status_code == 302
    with site.parts.database.snapshot() as session:
        told = [str(record) for record in audit.records_of(session, made.id)]
    assert "person.add" in told[0]
    assert not any(password in line for line in told)


def test_a_refused_person_keeps_what_was_typed(site: Site):
    ada = site.browser("ada")
    good = {"login": "new", "name": "新人", "office": site.cast.other.id, "email": ""}
    for wrong, status, words in (
        ({"login": "Alice"}, 409, "已被使用"),
        ({"login": " "}, 400, "登录名"),
        ({"name": ""}, 400, "请填写名称"),
        ({"email": "not a mail"}, 400, "不是邮箱地址"),
        ({"email": "a@b\nBcc: c@d"}, 400, "不是邮箱地址"),
        ({"office": "x"}, 404, "没有这个单位"),
    ):
        answer = ada.post(f"{PATH}/new", **{**good, **wrong})
        page = answer.get_data(as_text=True)
        assert (answer.status_code, words in page) == (status, True), wrong
        if "name" not in wrong:
            assert 'value="新人"' in page


def test_changing_a_person(site: Site):
    ada, bob = site.browser("ada"), site.cast.bob
    path = f"{PATH}/{bob.id}"
    assert 'value="张伟"' in text(ada.get(path))
    answer = ada.post(
        path, name="张伟强", office=site.cast.other.id, email="", admin="on",
        heads=[site.cast.office.id, site.cast.other.id],
    )  # fmt: skip
    assert answer.location == PATH
    found = by_login(site, "bob")
    assert (found.name, found.office_id, found.admin) == ("张伟强", site.cast.other.id, True)
    assert found.heads == {site.cast.office.id, site.cast.other.id}
    assert ada.post(path, name="", office=site.cast.other.id).status_code == 400
    assert ada.post(path, name="x", office="x").status_code == 404
    bad_heads = ada.post(path, name="x", office=site.cast.other.id, heads=["x"])
    assert bad_heads.status_code == 404
    assert by_login(site, "bob") == found


def test_an_administrator_always_remains(site: Site):
    ada = site.browser("ada")
    path = f"{PATH}/{site.cast.ada.id}"
    answer = ada.post(path, name="管理员", office=site.cast.other.id)
    assert answer.status_code == 409
    assert ada.post(f"{path}/deactivate").status_code == 409
    assert by_login(site, "ada").admin


def test_deactivating_asks_first_and_ends_every_session(site: Site):
    ada, bob = site.browser("ada"), site.browser("bob")
    path = f"{PATH}/{site.cast.bob.id}"
    assert "停用张伟？" in text(ada.get(f"{path}/deactivate"))
    assert bob.get("/").status_code == 200
    assert ada.post(f"{path}/deactivate").location == path
    assert bob.get("/").status_code == 302
    assert site.browser().post("/sign-in", login="bob", password=PASSWORD).status_code == 403
    with site.parts.database.snapshot() as session:
        assert identity.person_by_login(session, "bob") is None
    page = text(ada.get(path))
    assert "已停用" in page
    assert ada.post(f"{path}/activate").location == path
    assert site.browser("bob").get("/").status_code == 200


def test_a_new_password_is_shown_once_and_ends_the_old_sessions(site: Site):
    ada, bob = site.browser("ada"), site.browser("bob")
    answer = ada.post(f"{PATH}/{site.cast.bob.id}/password")
    password = shown_password(text(answer))
    assert answer.headers["Cache-Control"] == "no-store"
    assert bob.get("/").status_code == 302
    assert site.browser().post("/sign-in", login="bob", password=PASSWORD).status_code == 403
    assert site.browser().post("/sign-in", login="bob", password=password).status_code == 302


@pytest.mark.parametrize("more", ["", "/deactivate", "/activate", "/password"])
def test_what_is_not_there(site: Site, more: str):
    ada = site.browser("ada")
    for person_id in ("x", "00000000-0000-4000-8000-000000000000"):
        assert ada.post(f"{PATH}/{person_id}{more}", name="x").status_code == 404
        assert ada.get(f"{PATH}/{person_id}{more}").status_code == 404
    assert ada.client.put(f"{PATH}/{site.cast.bob.id}{more}").status_code == 405
