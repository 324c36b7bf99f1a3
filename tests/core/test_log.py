"""The log: one line an event, whatever stands in it, with the ids that are bound."""

import json
import logging
import threading

import pytest

from core import log


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err.splitlines()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_value_cannot_forge_a_second_event(lines, form: str):
    log.configure("INFO", form)
    logging.getLogger("x").warning("job of %s", "a\nlevel=error event=forged\x1b[2J\u2028end")
    (line,) = lines()
    assert "\x1b" not in line
    if form == "json":
        assert json.loads(line)["level"] == "warning"


def test_json_lines_carry_time_level_logger_and_bound_ids(lines):
    log.configure("INFO", "json")
    with log.about(request="r1", job=7):
        logging.getLogger("printgate.x").info("taken")
    logging.getLogger("printgate.x").info("alone")
    first, second = (json.loads(line) for line in lines())
    assert (first["event"], first["logger"], first["request"], first["job"]) == (
        "taken", "printgate.x", "r1", 7,
    )  # fmt: skip
    assert first["time"].endswith("Z")
    assert "request" not in second


def test_ids_of_one_thread_are_not_on_the_lines_of_another(lines):
    log.configure("INFO", "json")

    def other() -> None:
        logging.getLogger("x").info("other")

    with log.about(request="r1"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    (line,) = lines()
    assert "request" not in json.loads(line)


def test_a_trace_stays_on_the_line_of_its_event(lines):
    log.configure("INFO", "text")
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = lines()
    assert "Traceback" in line
    assert "broken" in line


def test_what_is_below_the_level_is_not_logged(lines):
    log.configure("WARNING", "text")
    logging.getLogger("x").info("quiet")
    assert lines() == []
