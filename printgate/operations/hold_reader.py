"""What a job creation says of holding: job-hold-until, and job-password (PWG 5100.11).

A job that came with a PIN must not print without it, so a PIN that cannot be used refuses the job,
whatever ipp-attribute-fidelity says. Neither the PIN nor its digest is ever sent back.
"""

from core.text import Text
from printgate.holding import (
    INDEFINITE,
    PIN_OCTETS_MAX,
    PIN_OCTETS_MIN,
    Encryption,
    Hold,
    pin_key,
)
from printgate.ipp.answer import unsupported_name
from printgate.ipp.errors import IppError, bad_request
from printgate.ipp.tags import GroupTag, Status
from printgate.ipp.values import Attribute
from printgate.operations.exchange import Exchange


def asked_hold(exchange: Exchange) -> tuple[Hold, str | None]:
    """Return why a new job is to be held, and the key of its PIN if it has one."""
    password = exchange.attributes.get("job-password")
    encryption = exchange.attributes.get("job-password-encryption")
    if password is not None or encryption is not None:
        return Hold.PIN, _key(password, encryption)
    until = exchange.request.group(GroupTag.JOB).get("job-hold-until")
    # A value that is not supported has been refused or ignored by then, as the client wants it.
    held = until is not None and until.first.text() == INDEFINITE
    return (Hold.ASKED if held else Hold.NONE), None


def _key(password: Attribute | None, encryption: Attribute | None) -> str:
    if password is None or encryption is None:
        raise bad_request('"job-password" and "job-password-encryption" come together.')
    method = encryption.first.text()
    if method not in list(Encryption):
        raise IppError(
            Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            Text("The encryption {name} of a PIN is not supported.", {"name": method}),
            (encryption,),
        )
    content = password.first.content
    key = pin_key(content, Encryption(method)) if isinstance(content, bytes) else None
    if key is None:
        raise IppError(
            Status.ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            Text(
                "A PIN has {least} to {most} characters here.",
                {"least": PIN_OCTETS_MIN, "most": PIN_OCTETS_MAX},
            ),
            (unsupported_name(password),),
        )
    return key
