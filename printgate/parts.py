"""The opened parts that the gateway works with; put together once, in deploy/bootstrap.py."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from core.blobs import Blobs
from core.clock import Clock
from core.db import Database
from printgate.analysis import Analyser
from printgate.backend.port import Backend, Devices
from printgate.policy import Rules
from printgate.spool import Spool
from quotas.periods import DEFAULT_ZONE
from quotas.workdays import WEEKENDS_OFF, Workdays


@dataclass(frozen=True)
class Terms:
    """The settings that the gateway obeys."""

    unknown_person: str = "refuse"
    """What becomes of a job whose sender is unknown: refuse or guest."""
    analysis_budget_seconds: float = 2.0
    """How long an answer waits for the analysis of a document."""
    analysis_limit_seconds: float = 20.0
    multiple_operation: timedelta = timedelta(minutes=5)
    """How long a job may wait for its document."""
    jobs_without_document_max: int = 20
    """How many jobs of one person may wait for their documents at once."""
    ask_expires: timedelta = timedelta(hours=24)
    """How long a job waits for its owner's answer."""
    hold_expires: timedelta = timedelta(hours=24)
    """How long a held job waits for its release."""
    pages_url: str = ""
    zone: ZoneInfo = DEFAULT_ZONE
    workdays: Workdays = WEEKENDS_OFF


@dataclass(frozen=True)
class Parts:
    """What operations, tasks and rounds are handed."""

    database: Database
    clock: Clock
    blobs: Blobs
    spool: Spool
    analyser: Analyser
    backend: Backend
    devices: Devices
    rules: Rules
    terms: Terms
