"""One error: the request is answered with this status and this sentence."""

from core.text import Text
from printgate.ipp.tags import Status
from printgate.ipp.values import Attribute


class IppError(Exception):
    """A request that is refused; `unsupported` are the attributes to send back with the answer."""

    def __init__(self, status: Status, text: Text, unsupported: tuple[Attribute, ...] = ()) -> None:
        super().__init__(str(text))
        self.status, self.text, self.unsupported = status, text, unsupported


def bad_request(msgid: str, **values: str | int) -> IppError:
    """Return the error for a message that breaks RFC 8010 or 8011."""
    return IppError(Status.BAD_REQUEST, Text(msgid, values))
