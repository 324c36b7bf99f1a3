"""Answers of a moment ago: the same octets, each with its own number, and never an old one."""

import pytest

from printgate.ipp.tags import Operation, Status
from printgate.recent import KEPT_SECONDS, RecentAnswers

HEAD = bytes((2, 0))


class Service:
    """Something that answers, counts how often it was asked, and has a clock and commits."""

    def __init__(self, status: int = Status.OK) -> None:
        self.asked, self.commits, self.now, self._status = 0, 0, 100.0, status
        self.recent = RecentAnswers(lambda: self.commits, lambda: self.now)

    def ask(
        self,
        number: int,
        operation: int = Operation.GET_PRINTER_ATTRIBUTES,
        *,
        host: str = "gate:631",
        more: bytes = b"\x01\x03",
    ) -> bytes:
        request = HEAD + operation.to_bytes(2) + number.to_bytes(4) + more
        return self.recent.answer(host, request, lambda: self._make(number))

    def _make(self, number: int) -> bytes:
        self.asked += 1
        return HEAD + self._status.to_bytes(2) + number.to_bytes(4) + f"{self.asked}".encode()


def test_the_second_gets_what_the_first_got_under_its_own_number():
    service = Service()
    first, second = service.ask(7), service.ask(8)
    assert service.asked == 1
    assert (first[4:8], second[4:8]) == (b"\0\0\0\x07", b"\0\0\0\x08")
    assert (first[:4], first[8:]) == (second[:4], second[8:])


def test_a_commit_ends_it():
    service = Service()
    service.ask(1)
    service.commits += 1
    assert service.ask(2)[8:] == b"2"


def test_what_was_made_while_somebody_committed_is_old():
    service = Service()

    def committed_meanwhile() -> bytes:
        service.commits += 1
        return service._make(1)

    request = HEAD + Operation.GET_PRINTER_ATTRIBUTES.to_bytes(2) + bytes(4) + b"\x01\x03"
    service.recent.answer("gate:631", request, committed_meanwhile)
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
        {"host": "other:631"},
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
    service = Service(Status.NOT_FOUND)
    service.ask(1)
    service.ask(2)
    assert service.asked == 2


def test_the_number_of_kept_answers_is_bounded():
    service = Service()
    for number in range(2000):
        service.ask(1, more=number.to_bytes(4))
    assert len(service.recent._kept) <= 256
