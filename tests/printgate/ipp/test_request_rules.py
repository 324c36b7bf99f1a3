"""The rules of a request, each with its status; the tables against another transcription."""

import pytest

from printgate.ipp.answer import answer, cut, requested, unsupported_name
from printgate.ipp.errors import IppError
from printgate.ipp.rules import target_path, validate
from printgate.ipp.tags import GroupTag, Operation, Status, Tag
from printgate.ipp.values import (
    Attribute,
    Group,
    Message,
    Value,
    boolean,
    charset,
    collection,
    enum,
    integer,
    keyword,
    language,
    mime_type,
    name,
    text,
    uri,
)

SUPPORTED = {Operation.PRINT_JOB, Operation.CANCEL_JOB, Operation.CUPS_GET_DEFAULT}
OPENING = (charset("attributes-charset", "utf-8"), language("attributes-natural-language", "en"))
PRINTER = uri("printer-uri", "ipp://h/printers/office-a")


def request(
    *more: Attribute, code: int = Operation.PRINT_JOB, job: tuple[Attribute, ...] = (), **changes
) -> Message:
    groups = [Group(GroupTag.OPERATION, (*OPENING, *more))]
    if job:
        groups.append(Group(GroupTag.JOB, job))
    return Message(
        changes.get("version", (2, 0)),
        code,
        changes.get("request_id", 1),
        changes.get("groups", tuple(groups)),
    )


def operation(*attributes: Attribute) -> tuple[Group, ...]:
    return (Group(GroupTag.OPERATION, attributes),)


GOOD = [
    request(PRINTER),
    request(PRINTER, version=(1, 0)),
    request(PRINTER, version=(2, 2)),
    request(PRINTER, name("job-name", "好" * 85), job=(integer("copies", 2), keyword("sides", ""))),
    request(uri("job-uri", "ipp://h/jobs/3"), code=Operation.CANCEL_JOB),
    request(PRINTER, integer("job-id", 3), code=Operation.CANCEL_JOB),
    request(code=Operation.CUPS_GET_DEFAULT),
    request(PRINTER, text("unheard-of", "x")),
]

BAD = [
    ("version 3", request(PRINTER, version=(3, 0)), Status.VERSION_NOT_SUPPORTED),
    ("version 0", request(PRINTER, version=(0, 0)), Status.VERSION_NOT_SUPPORTED),
    ("unknown operation", request(PRINTER, code=0x3FFF), Status.OPERATION_NOT_SUPPORTED),
    ("request id 0", request(PRINTER, request_id=0), Status.BAD_REQUEST),
    ("request id -1", request(PRINTER, request_id=-1), Status.BAD_REQUEST),
    ("no groups", request(groups=()), Status.BAD_REQUEST),
    ("job group first", request(groups=(Group(GroupTag.JOB),)), Status.BAD_REQUEST),
    (
        "groups in the wrong order",
        request(groups=(Group(1, (*OPENING, PRINTER)), Group(4), Group(2))),
        Status.BAD_REQUEST,
    ),
    (
        "two operation groups",
        request(groups=(Group(1, (*OPENING, PRINTER)), Group(1))),
        Status.BAD_REQUEST,
    ),
    ("an attribute twice", request(PRINTER, PRINTER), Status.BAD_REQUEST),
    ("no charset", request(groups=operation(OPENING[1], PRINTER)), Status.BAD_REQUEST),
    ("language first", request(groups=operation(*OPENING[::-1], PRINTER)), Status.BAD_REQUEST),
    ("no language", request(groups=operation(OPENING[0], PRINTER)), Status.BAD_REQUEST),
    (
        "charset of the wrong syntax",
        request(groups=operation(text("attributes-charset", "utf-8"), OPENING[1], PRINTER)),
        Status.BAD_REQUEST,
    ),
    (
        "two languages",
        request(groups=operation(OPENING[0], language("attributes-natural-language", "a", "b"))),
        Status.BAD_REQUEST,
    ),
    (
        "charset latin-1",
        request(groups=operation(charset("attributes-charset", "iso-8859-1"), OPENING[1], PRINTER)),
        Status.CHARSET_NOT_SUPPORTED,
    ),
    ("no printer", request(), Status.BAD_REQUEST),
    ("no job", request(PRINTER, code=Operation.CANCEL_JOB), Status.BAD_REQUEST),
    (
        "job id 0",
        request(PRINTER, integer("job-id", 0), code=Operation.CANCEL_JOB),
        Status.BAD_REQUEST,
    ),
    ("printer as text", request(text("printer-uri", "ipp://h/")), Status.BAD_REQUEST),
    ("two printers", request(uri("printer-uri", "ipp://a/", "ipp://b/")), Status.BAD_REQUEST),
    ("name too long", request(PRINTER, name("job-name", "x" * 256)), Status.REQUEST_VALUE_TOO_LONG),
    (
        "name in octets",
        request(PRINTER, name("job-name", "好" * 86)),
        Status.REQUEST_VALUE_TOO_LONG,
    ),
    ("long text", request(PRINTER, text("message", "x" * 1024)), Status.REQUEST_VALUE_TOO_LONG),
    ("long uri", request(uri("printer-uri", "ipp://" + "h" * 1020)), Status.REQUEST_VALUE_TOO_LONG),
    ("name not UTF-8", request(PRINTER, name("job-name", "\udcff")), Status.BAD_REQUEST),
    ("user as keyword", request(PRINTER, keyword("requesting-user-name", "x")), Status.BAD_REQUEST),
    ("format as keyword", request(PRINTER, keyword("document-format", "x")), Status.BAD_REQUEST),
    (
        "fidelity as number",
        request(PRINTER, integer("ipp-attribute-fidelity", 1)),
        Status.BAD_REQUEST,
    ),
    ("copies 0", request(PRINTER, job=(integer("copies", 0),)), Status.BAD_REQUEST),
    ("copies -1", request(PRINTER, job=(integer("copies", -1),)), Status.BAD_REQUEST),
    ("copies as text", request(PRINTER, job=(text("copies", "2"),)), Status.BAD_REQUEST),
    ("two copies", request(PRINTER, job=(integer("copies", 1, 2),)), Status.BAD_REQUEST),
    (
        "media-col as keyword",
        request(PRINTER, job=(keyword("media-col", "x"),)),
        Status.BAD_REQUEST,
    ),
    (
        "sides twice",
        request(PRINTER, job=(keyword("sides", "a"), keyword("sides", "b"))),
        Status.BAD_REQUEST,
    ),
]


@pytest.mark.parametrize("message", GOOD)
def test_a_good_request_passes(message: Message):
    assert validate(message, SUPPORTED) == message.groups[0]


@pytest.mark.parametrize(("what", "message", "status"), BAD, ids=[what for what, _, _ in BAD])
def test_a_bad_request_has_its_status(what: str, message: Message, status: Status):
    with pytest.raises(IppError) as caught:
        validate(message, SUPPORTED)
    assert caught.value.status is status
    assert str(caught.value)


def test_the_order_of_the_rules_is_that_of_the_rfc():
    everything_wrong = Message((9, 0), 0x3FFF, 0, ())
    mended = [
        everything_wrong,
        Message((2, 0), 0x3FFF, 0, ()),
        Message((2, 0), Operation.PRINT_JOB, 0, ()),
    ]
    statuses = []
    for message in mended:
        with pytest.raises(IppError) as caught:
            validate(message, SUPPORTED)
        statuses.append(caught.value.status)
    assert statuses == [
        Status.VERSION_NOT_SUPPORTED,
        Status.OPERATION_NOT_SUPPORTED,
        Status.BAD_REQUEST,
    ]


@pytest.mark.parametrize(
    ("attributes", "target"),
    [
        ((PRINTER,), ("/printers/office-a", None)),
        ((PRINTER, integer("job-id", 7)), ("/printers/office-a", 7)),
        ((uri("job-uri", "ipp://h:1/jobs/42"),), ("/jobs", 42)),
        ((uri("printer-uri", "ipp://h/printers/%E5%8A%9E"),), ("/printers/办", None)),
        ((uri("printer-uri", "ipp://h"),), ("", None)),
        ((), ("/", None)),
    ],
)
def test_the_target(attributes, target):
    assert target_path(Group(1, attributes)) == target


@pytest.mark.parametrize("address", ["ipp://h/jobs/x", "ipp://h/jobs/", "ipp://h/jobs/99999999999"])
def test_a_job_uri_that_names_no_job(address: str):
    with pytest.raises(IppError) as caught:
        target_path(Group(1, (uri("job-uri", address),)))
    assert caught.value.status is Status.NOT_FOUND


def test_an_address_that_is_none():
    with pytest.raises(IppError) as caught:
        target_path(Group(1, (uri("printer-uri", "ipp://[h/"),)))
    assert caught.value.status is Status.BAD_REQUEST


def test_an_answer_fits_its_request():
    asked = request(PRINTER, version=(1, 1), request_id=77)
    found = answer(asked, Status.OK, message="好" * 200, unsupported=[keyword("sides", "x")])
    assert (found.version, found.request_id) == ((1, 1), 77)
    first, second = found.groups
    assert [each.name for each in first][:2] == [
        "attributes-charset",
        "attributes-natural-language",
    ]
    message = first.get("status-message")
    assert message is not None
    assert message.first.text() == "好" * 85
    assert second.tag == GroupTag.UNSUPPORTED
    assert answer(request(version=(9, 9)), Status.OK).version == (2, 0)
    assert cut("好a", 3) == "好"
    assert unsupported_name(keyword("x", "y")).first == Value(Tag.UNSUPPORTED, b"")


def test_requested_attributes():
    everything = [integer("a", 1), integer("b", 2), collection("media-col-database")]
    everything[2] = integer("media-col-database", 3)
    groups = {"both": frozenset({"a", "b"})}

    def names(wanted, default=None):
        return [each.name for each in requested(everything, wanted, groups, default)]

    assert names(None) == ["a", "b"]
    assert names(keyword("r", "all")) == ["a", "b"]
    assert names(keyword("r", "all", "media-col-database")) == ["a", "b", "media-col-database"]
    assert names(keyword("r", "both")) == ["a", "b"]
    assert names(keyword("r", "b", "none-such")) == ["b"]
    assert names(None, frozenset({"a"})) == ["a"]


STATUS_NUMBERS = """
0000 OK, 0001 OK_IGNORED_OR_SUBSTITUTED, 0002 OK_CONFLICTING, 0400 BAD_REQUEST, 0401 FORBIDDEN,
0402 NOT_AUTHENTICATED, 0403 NOT_AUTHORIZED, 0404 NOT_POSSIBLE, 0405 TIMEOUT, 0406 NOT_FOUND,
0407 GONE, 0408 REQUEST_ENTITY_TOO_LARGE, 0409 REQUEST_VALUE_TOO_LONG,
040A DOCUMENT_FORMAT_NOT_SUPPORTED, 040B ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
040C URI_SCHEME_NOT_SUPPORTED, 040D CHARSET_NOT_SUPPORTED, 040E CONFLICTING_ATTRIBUTES,
040F COMPRESSION_NOT_SUPPORTED, 0410 COMPRESSION_ERROR, 0411 DOCUMENT_FORMAT_ERROR,
0412 DOCUMENT_ACCESS_ERROR, 0418 DOCUMENT_PASSWORD_ERROR, 0419 DOCUMENT_PERMISSION_ERROR,
041A DOCUMENT_SECURITY_ERROR, 041B DOCUMENT_UNPRINTABLE_ERROR, 041C ACCOUNT_INFO_NEEDED,
041D ACCOUNT_CLOSED, 041E ACCOUNT_LIMIT_REACHED, 041F ACCOUNT_AUTHORIZATION_FAILED,
049C CUPS_ACCOUNT_INFO_NEEDED, 049D CUPS_ACCOUNT_CLOSED, 049E CUPS_ACCOUNT_LIMIT_REACHED,
049F CUPS_ACCOUNT_AUTHORIZATION_FAILED, 0500 INTERNAL_ERROR, 0501 OPERATION_NOT_SUPPORTED,
0502 SERVICE_UNAVAILABLE, 0503 VERSION_NOT_SUPPORTED, 0504 DEVICE_ERROR, 0505 TEMPORARY_ERROR,
0506 NOT_ACCEPTING_JOBS, 0507 BUSY, 0508 JOB_CANCELED, 0509 MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED,
050A PRINTER_IS_DEACTIVATED, 050B TOO_MANY_JOBS, 050C TOO_MANY_DOCUMENTS
"""
OPERATION_NUMBERS = """
0002 PRINT_JOB, 0003 PRINT_URI, 0004 VALIDATE_JOB, 0005 CREATE_JOB, 0006 SEND_DOCUMENT,
0007 SEND_URI, 0008 CANCEL_JOB, 0009 GET_JOB_ATTRIBUTES, 000A GET_JOBS,
000B GET_PRINTER_ATTRIBUTES, 0039 CANCEL_MY_JOBS, 003B CLOSE_JOB, 003C IDENTIFY_PRINTER,
4001 CUPS_GET_DEFAULT, 4002 CUPS_GET_PRINTERS
"""


@pytest.mark.parametrize(
    ("kind", "table"), [(Status, STATUS_NUMBERS), (Operation, OPERATION_NUMBERS)]
)
def test_the_numbers_against_an_independent_transcription(kind, table: str):
    for entry in table.replace("\n", " ").split(","):
        number, label = entry.split()
        assert kind[label] == int(number, 16)
    assert boolean("a", True) != enum("a", 1)
    assert mime_type("a", "x").first.text() == "x"
