"""What the gateway tells of a printer, and how fresh that is."""

from core.people import SYSTEM
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation, Status
from printgate.ipp.values import Group, Message, charset, language, name, uri
from printgate.service import printers
from tests.conftest import NOON
from tests.web.conftest import Site


def told(site: Site, number: int) -> Message:
    """Ask what office-a is, as a client of this number would."""
    attributes = (
        charset("attributes-charset", "utf-8"),
        language("attributes-natural-language", "en"),
        uri("printer-uri", "ipp://localhost/printers/office-a"),
        name("requesting-user-name", "alice"),
    )
    asked = Message(
        (2, 0),
        Operation.GET_PRINTER_ATTRIBUTES,
        number,
        (Group(GroupTag.OPERATION, attributes),),
    )
    answer = site.app.test_client().post(
        "/printers/office-a", data=encode(asked), content_type="application/ipp"
    )
    assert answer.status_code == 200
    return decode_bytes(answer.data)[0]


def accepting(answer: Message) -> bool:
    found = answer.group(GroupTag.PRINTER).get("printer-is-accepting-jobs")
    assert found is not None
    return bool(found.first.content)


def test_each_asker_gets_an_answer_of_its_own_number(site: Site):
    first, second = told(site, 11), told(site, 12)
    assert (first.code, first.request_id, second.request_id) == (Status.OK, 11, 12)
    assert first.groups == second.groups


def test_a_change_is_in_the_next_answer(site: Site):
    assert accepting(told(site, 1))
    with site.parts.database.transaction() as session:
        printers.retire(session, "office-a", actor=SYSTEM, now=NOON)
    assert not accepting(told(site, 2))
