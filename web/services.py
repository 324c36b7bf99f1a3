"""What the composition root hands to the pages."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from flask import current_app

from core.blobs import Blobs
from core.clock import Clock
from core.db import Database
from core.metrics import Metrics
from docflow.rendering import PageImages
from printgate.parts import Parts
from quotas.accounts import ADJUST_MAX
from quotas.workdays import Workdays

KEY = "printgate"


@dataclass(frozen=True)
class WebServices:
    """The opened parts that pages need."""

    database: Database
    clock: Clock
    secret_key: str
    blobs: Blobs
    page_images: PageImages
    printing: Parts
    zone: ZoneInfo
    metrics: Metrics
    metrics_token: str = ""
    workdays: Workdays = field(default_factory=Workdays)
    secure: bool = False
    adjust_max: int = ADJUST_MAX
    """The largest adjustment of an account that one person may enter alone."""


def services() -> WebServices:
    """Return the parts of the application that answers this request."""
    found = current_app.extensions[KEY]
    assert isinstance(found, WebServices)
    return found
