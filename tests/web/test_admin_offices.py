"""The administrator's page of offices."""

from core import audit
from core.identity import queries as identity
from tests.web.conftest import Site
from tests.web.test_pages import text

PATH = "/admin/offices"


def offices(site: Site):
    with site.parts.database.snapshot() as session:
        return {office.code: office for office in identity.offices(session)}


def test_an_office_is_added_and_recorded(site: Site):
    ada = site.browser("ada")
    answer = ada.post(PATH, code="research", name=" 研究室 ", titles_visible="on")
    assert answer.location == PATH
    made = offices(site)["research"]
    assert (made.name, made.titles_visible, made.guest) == ("研究室", True, False)
    with site.parts.database.snapshot() as session:
        (record,) = audit.records_of(session, made.id)
        assert (record.action, record.actor_name) == ("office.add", "管理员")
    page = text(ada.get(PATH))
    assert "研究室" in page
    assert "负责人可见标题" in page


def test_a_refused_form_keeps_what_was_typed(site: Site):
    ada = site.browser("ada")
    for fields, status, words in (
        ({"code": "Bad Code", "name": "研究室"}, 400, "代码由"),
        ({"code": "general", "name": "研究室"}, 409, "已经存在"),
        ({"code": "new", "name": "  "}, 400, "请填写名称"),
        ({"code": "new", "name": "研究室", "guest": "on"}, 409, "来宾单位"),
    ):
        answer = ada.post(PATH, **fields)
        page = answer.get_data(as_text=True)
        assert answer.status_code == status, fields
        assert words in page
        assert f'value="{fields["code"]}"' in page
        assert f'value="{fields["name"]}"' in page
    assert len(offices(site)) == 3
    page = ada.post(PATH, code="x y", name="<b>", guest="on").get_data(as_text=True)
    assert "&lt;b&gt;" in page
    assert 'name="guest" checked' in page


def test_an_office_is_renamed_and_shows_titles(site: Site):
    ada, path = site.browser("ada"), f"{PATH}/{site.cast.office.id}"
    page = text(ada.get(path))
    assert 'value="办公室"' in page
    assert ada.post(path, name="办公厅", titles_visible="on").location == PATH
    assert (offices(site)["general"].name, offices(site)["general"].titles_visible) == (
        "办公厅", True,
    )  # fmt: skip
    assert "通知" in site.browser("dora").get(f"/jobs/{site.job}").get_data(as_text=True)
    answer = ada.post(path, name="", titles_visible="on")
    assert answer.status_code == 400
    assert ada.post(path, name="办公厅", guest="on").status_code == 409


def test_what_is_not_there(site: Site):
    ada = site.browser("ada")
    for path in (f"{PATH}/x", f"{PATH}/00000000-0000-4000-8000-000000000000"):
        assert ada.get(path).status_code == 404
        assert ada.post(path, name="x").status_code == 404
    assert ada.client.put(PATH).status_code == 405
