"""Answers of a moment ago: the same octets, each with its own number, and never an old one."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from printgate.ipp.tags import Operation, Status
from printgate.recent import KEPT_SECONDS, REQUEST_OCTETS_MAX, Headers, RecentAnswers

HEAD = bytes((2, 0))
PRINTER = "/printers/office-a"


class Service:
    """Something that answers, counts how often it was asked, and has a clock and commits."""

    def __init__(self, status: int = Status.OK, line: str = "200 OK") -> None:
        self.asked, self.commits, self.now = 0, 0, 100.0
        self._status, self._line = status, line
        self.noted: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.recent = RecentAnswers(
            self._application, lambda: self.commits, self.noted.append, lambda: self.now
        )
        self.headers: list[Headers] = []

    def ask(
        self,
        number: int,
        operation: int = Operation.GET_PRINTER_ATTRIBUTES,
        *,
        more: bytes = b"\x01\x03",
        **environ: str,
    ) -> bytes:
        request = HEAD + operation.to_bytes(2) + number.to_bytes(4) + more
        whole: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/ipp",
            "CONTENT_LENGTH": str(len(request)),
            "HTTP_HOST": "gate:631",
            "PATH_INFO": PRINTER,
            "wsgi.input": BytesIO(request),
            **environ,
        }
        return b"".join(self.recent(whole, self._start))

    def _start(self, _line: str, headers: Headers, *_more: object) -> Callable[[bytes], object]:
        self.headers.append(headers)
        return lambda _octets: None

    def _application(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        request = environ["wsgi.input"].read()
        self.asked += 1
        self.meanwhile()
        start(self._line, [("Content-Type", "application/ipp"), ("X-Request-Id", "one")])
        return [HEAD + self._status.to_bytes(2), request[4:8] + f"{self.asked}".encode()]


def test_the_second_gets_what_the_first_got_under_its_own_number():
    service = Service()
    first, second = service.ask(7), service.ask(8)
    assert service.asked == 1
    assert (first[4:8], second[4:8]) == (b"\0\0\0\x07", b"\0\0\0\x08")
    assert (first[:4], first[8:]) == (second[:4], second[8:])


def test_it_is_counted_and_carries_no_number_of_another_request():
    service = Service()
    service.ask(1)
    service.ask(2)
    assert len(service.noted) == 1
    first, second = service.headers
    assert second == [each for each in first if each[0] != "X-Request-Id"] != first


@pytest.mark.parametrize(
    "other",
    [
        {"REQUEST_METHOD": "GET"},
        {"CONTENT_TYPE": "text/plain"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "٣"},
        {"CONTENT_LENGTH": str(REQUEST_OCTETS_MAX + 1)},
        {"CONTENT_LENGTH": "9" * 5000},
    ],
)
def test_what_is_no_question_goes_on_as_it_came(other: dict[str, Any]):
    service = Service()
    for number in (1, 2):
        assert service.ask(number, **other)[4:8] == number.to_bytes(4)
    assert service.asked == 2


def test_a_commit_ends_it():
    service = Service()
    service.ask(1)
    service.commits += 1
    assert service.ask(2)[8:] == b"2"


def test_what_was_made_while_somebody_committed_is_old():
    service = Service()

    def commit() -> None:
        service.commits += 1

    service.meanwhile = commit
    service.ask(1)
    assert service.ask(2)[8:] == b"2"


@pytest.mark.parametrize(("later", "asked"), [(KEPT_SECONDS * 0.9, 1), (KEPT_SECONDS, 2)])
def test_time_ends_it(later: float, asked: int):
    service = Service()
    service.ask(1)
    service.now += later
    service.ask(2)
    assert service.asked == asked


@pytest.mark.parametrize(
    "other",
    [
        {"HTTP_HOST": "other:631"},
        {"PATH_INFO": "/printers/office-b"},
        {"more": b"\x01\x47\x03"},
        {"operation": Operation.GET_JOBS},
        {"operation": Operation.PRINT_JOB},
    ],
)
def test_another_question_has_another_answer(other: dict[str, object]):
    service = Service()
    service.ask(1)
    service.ask(2, **other)  # type: ignore[arg-type]
    assert service.asked == 2


def test_a_job_is_never_answered_from_memory():
    service = Service()
    for number in range(3):
        service.ask(number, Operation.PRINT_JOB)
    assert service.asked == 3


def test_a_refusal_is_not_kept():
    for service in (Service(Status.NOT_FOUND), Service(line="404 NOT FOUND")):
        service.ask(1)
        service.ask(2)
        assert service.asked == 2


def test_the_number_of_kept_answers_is_bounded():
    service = Service()
    for number in range(2000):
        service.ask(1, more=number.to_bytes(4))
    assert len(service.recent._kept) <= 256
