"""The administrator's pages of printers."""

import re

import pytest

from core import audit
from printgate import queries as printing
from printgate.backend.fake import FakeBackend, FakeDevices
from printgate.backend.port import DeviceAttributes
from printgate.errors import PrinterRetired
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag
from printgate.ipp.values import Group, Message, uri
from printgate.lifecycle import Stage
from printgate.policy import Facts
from quotas import queries as quotas
from quotas.units import Unit
from tests.web.conftest import Site, send
from tests.web.test_admin_grants import MONTH
from tests.web.test_pages import text

PATH = "/admin/printers"
ADDRESS = "ipp://10.0.0.5:631/ipp/print"


def backend(site: Site) -> FakeBackend:
    assert isinstance(site.parts.backend, FakeBackend)
    return site.parts.backend


def answers(site: Site, uuid: str = "urn:uuid:a", address: str = ADDRESS) -> None:
    """Let a two-sided printer answer at an address."""
    assert isinstance(site.parts.devices, FakeDevices)
    group = Group(GroupTag.PRINTER, (uri("printer-uuid", uuid),))
    encoded = encode(Message((2, 0), 0, 1, (group,)))
    site.parts.devices.attributes[address] = DeviceAttributes(encoded, True, "idle", (), ())


def printer(site: Site, name: str):
    with site.parts.database.snapshot() as session:
        return printing.printer(session, name)


def test_a_queue_of_cups_is_offered(site: Site):
    backend(site).add_queue("third-floor", ADDRESS)
    answers(site)
    ada = site.browser("ada")
    assert "third-floor" in text(ada.get(PATH))
    assert ada.post(PATH, name="c", queue="nowhere").status_code == 404
    assert ada.post(PATH, name="office-c", queue="third-floor").location == f"{PATH}/office-c"
    made = printer(site, "office-c")
    assert (made.queue, made.two_sided, made.state) == ("third-floor", True, "idle")
    assert ada.post(PATH, name="d", queue="third-floor").status_code == 404
    assert "CUPS 的队列都已添加" in text(ada.get(PATH))


def test_a_printer_is_added_by_its_address(site: Site):
    ada = site.browser("ada")
    silent = ada.post(PATH, name="new", address=ADDRESS)
    assert silent.status_code == 503
    page = silent.get_data(as_text=True)
    assert f'value="{ADDRESS}"' in page
    assert "没有打印机应答" in page
    assert backend(site).queues() == []
    answers(site)
    assert ada.post(PATH, name="new", address=f" {ADDRESS} ").location == f"{PATH}/new"
    assert printer(site, "new").device_uri == ADDRESS
    assert [queue.name for queue in backend(site).queues()] == ["new"]
    with site.parts.database.snapshot() as session:
        (record,) = audit.records_of(session, printer(site, "new").id)
        assert (record.action, record.actor_name) == ("printer.add", "管理员")


@pytest.mark.parametrize(
    ("name", "address", "status"),
    [
        ("office-a", ADDRESS, 409),
        ("taken-by-cups", ADDRESS, 409),
        ("bad name", ADDRESS, 400),
        ("../x", ADDRESS, 400),
        ("打印机", ADDRESS, 400),
        ("", ADDRESS, 400),
        ("new", "http://10.0.0.5/", 400),
        ("new", "ipp://user:pw@10.0.0.5/ipp/print", 400),
        ("new", "ipp://10.0.0.5/ipp/print?waitjob=false", 400),
        ("new", "ipp://10.0.0.5/a b", 400),
        ("new", "ipp://10.0.0.5/\nLocation", 400),
        ("new", "file:///etc/passwd", 400),
    ],
)
def test_what_cannot_be_added(site: Site, name: str, address: str, status: int):
    answers(site)
    backend(site).add_queue("taken-by-cups", "ipp://elsewhere/")
    assert site.browser("ada").post(PATH, name=name, address=address).status_code == status
    assert len(backend(site).queues()) == 1


def test_a_job_to_ourselves_would_go_round_for_ever(site: Site):
    answers(site, f"urn:uuid:{printer(site, 'office-a').id}")
    refused = site.browser("ada").post(PATH, name="loop", address=ADDRESS)
    assert refused.status_code == 400
    assert "自己的地址" in refused.get_data(as_text=True)


def test_the_page_stands_while_cups_is_silent(site: Site):
    backend(site).available = False
    page = text(site.browser("ada").get(PATH))
    assert "switched off" in page
    assert "office-a" in page


def test_renaming_and_describing(site: Site):
    ada = site.browser("ada")
    fields = {"name": "hall", "info": "大厅", "location": "一楼", "coverage": "7.5"}
    assert ada.post(f"{PATH}/office-a", **fields).location == f"{PATH}/hall"
    made = printer(site, "hall")
    assert (made.info, made.location, made.coverage) == ("大厅", "一楼", 0.075)
    assert 'value="7.5"' in text(ada.get(f"{PATH}/hall"))
    with site.parts.database.snapshot() as session:
        assert printing.job(session, site.job).printer == "hall"
    for wrong, status in (
        ({"name": "office-b"}, 409), ({"name": ""}, 400), ({"coverage": "x"}, 400),
        ({"coverage": "0"}, 400), ({"coverage": "101"}, 400), ({"coverage": "nan"}, 400),
    ):  # fmt: skip
        refused = ada.post(f"{PATH}/hall", **{**fields, **wrong})
        assert refused.status_code == status, wrong
        assert 'value="大厅"' in refused.get_data(as_text=True)


def test_the_default_is_one(site: Site):
    ada = site.browser("ada")
    for name in ("office-b", "office-a"):
        assert ada.post(f"{PATH}/{name}/default").status_code == 302
        with site.parts.database.snapshot() as session:
            assert printing.default_printer(session).name == name
            assert sum(each.is_default for each in printing.printers(session)) == 1


def test_retiring_wants_the_name_and_keeps_the_jobs(site: Site):
    ada = site.browser("ada")
    ada.post(f"{PATH}/office-a/default")
    for typed in ("", "office-b"):
        refused = ada.post(f"{PATH}/office-a/retire", confirm=typed)
        assert refused.status_code == 400
        assert "请输入名称 office-a" in refused.get_data(as_text=True)
    assert printer(site, "office-a").retired_at is None
    assert ada.post(f"{PATH}/office-a/retire", confirm="office-a").location == PATH
    assert "office-a" in text(site.browser("alice").get(f"/jobs/{site.job}"))
    assert "office-a" not in text(site.browser("alice").get("/printers"))
    with site.parts.database.snapshot() as session:
        assert printing.default_printer(session).name == "office-b"
    assert ada.post(f"{PATH}/office-a/default").status_code == 409
    refused = ada.post(f"{PATH}/office-a/test", office=site.cast.office.id)
    assert refused.status_code == 409
    assert ada.post(f"{PATH}/office-a/offer").location == f"{PATH}/office-a"
    assert printer(site, "office-a").retired_at is None


def test_no_job_is_sent_on_to_a_retired_printer(site: Site):
    ada = site.browser("ada")
    ada.post(f"{PATH}/office-a/retire", confirm="office-a")
    with site.parts.database.snapshot() as session:
        assert [each.name for each in printing.offered_printers(session)] == ["office-b"]
    with pytest.raises(PrinterRetired):
        send(site.parts, site.cast.alice, site.cast, "晚了", Facts(pages=1))


def test_a_test_page_is_a_job_of_the_chosen_office_and_bound_by_no_rule(site: Site):
    ada = site.browser("ada")
    for name, sheets, sides in (
        ("office-a", 1, "two-sided-long-edge"), ("office-b", 2, "one-sided"),
    ):  # fmt: skip
        answer = ada.post(f"{PATH}/{name}/test", office=site.cast.office.id)
        number = int(answer.location.rpartition("/")[2])
        with site.parts.database.snapshot() as session:
            job = printing.job(session, number)
            newest = quotas.entries(session, site.cast.office.id, Unit.SHEETS, MONTH, limit=1)[0]
        assert (job.stage, job.target, job.sheets_reserved) == (Stage.ACCEPTED, name, sheets)
        assert (job.ticket.sides, job.office_id) == (sides, site.cast.office.id)
        assert (newest.label, newest.held) == ("test", sheets)
        assert site.parts.spool.output(job.uuid).read_bytes().startswith(b"%PDF-1.4")
        assert "测试页" in text(ada.get(f"/jobs/{number}"))
    assert ada.post(f"{PATH}/office-a/test", office="x").status_code == 404


@pytest.mark.parametrize("more", ["", "/default", "/test", "/retire", "/offer"])
def test_what_is_not_there(site: Site, more: str):
    ada = site.browser("ada")
    fields = {"name": "x", "coverage": "5", "office": site.cast.office.id, "confirm": "none"}
    assert ada.post(f"{PATH}/none{more}", **fields).status_code == 404
    assert ada.get(f"{PATH}/none{more}").status_code == 404
    assert ada.client.put(f"{PATH}/office-a{more}").status_code == 405


@pytest.mark.parametrize(
    ("language", "one", "two"), [("zh-CN", "1 个作业", "2 个作业"), ("en", "1 job", "2 jobs")]
)
def test_the_jobs_that_wait_are_counted_on_every_page_of_a_printer(
    site: Site, language: str, one: str, two: str
):
    ada = site.browser("ada", language)
    for number, said in ((1, one), (2, two)):
        for path in ("/printers", f"{PATH}/office-a", f"{PATH}/office-a/retire"):
            assert re.search(f"{said}(?!s)", text(ada.get(path))), path
        listed = re.sub(r"<[^>]*>", "|", text(ada.get(PATH)))
        assert re.search(rf"office-a\|.*?office-a.*?\|{number}\|", listed)
        send(site.parts, site.cast.bob, site.cast, "通知", Facts(pages=1))
