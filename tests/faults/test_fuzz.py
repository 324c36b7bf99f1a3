"""Mutated IPP messages (fault 52): nothing but IppError, at once, and no internal error."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.bootstrap import opened
from deploy.seed import seed_office
from printgate.service import printers
from tests.conftest import NOON
from tests.faults import fuzz
from tests.faults.test_time import QUEUE

EXAMPLES = 2000
NUMBERS = st.integers(min_value=0, max_value=2**63)


@settings(max_examples=EXAMPLES, deadline=None)
@given(NUMBERS)
def test_decoding_and_checking(number: int):
    fuzz.try_codec(number)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Open the real gateway, without a server and with a CUPS that is not there."""
    from core.people import SYSTEM
    from core.settings import load

    folder: Path = tmp_path_factory.mktemp("fuzz")
    environment = {
        "PRINTGATE_DATA_DIR": str(folder),
        "PRINTGATE_PRINTING_URL": f"cups://{folder / 'nowhere'}",
        "PRINTGATE_UNKNOWN_PERSON": "guest",
        "PRINTGATE_JOBS_WITHOUT_DOCUMENT_MAX": "1000000",
    }
    with opened(load(environment=environment, system_file=None)) as parts:
        seed_office(parts.parts.database)
        with parts.parts.database.transaction() as session:
            printers.add_printer(session, "office-a", QUEUE, actor=SYSTEM, now=NOON)
        yield parts.app.test_client()


def test_every_seed_is_understood(client: FlaskClient):
    for octets in fuzz.SEEDS:
        answer = client.post("/printers/office-a", data=octets, content_type="application/ipp")
        assert answer.status_code == 200


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(NUMBERS)
def test_through_the_gateway(client: FlaskClient, caplog: pytest.LogCaptureFixture, number: int):
    with caplog.at_level(logging.ERROR):
        fuzz.try_gateway(client, number)
    assert not caplog.records
