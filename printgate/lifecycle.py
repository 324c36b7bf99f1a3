"""The life of a job: which stage follows which event, and what an IPP client is told of a stage.

A job has one `Stage`, our own and finer than the seven job-states of RFC 8011 §5.3.7. All changes
of stage are in TRANSITIONS; an event that the table does not list for a stage is refused, so a late
or repeated message can never move a job backwards. A client is told the job-state that the stage
stands for (IPP_STATES). Two choices there are deliberate: a CUPS client takes pending-held for
"done" and can no longer cancel it, so only a job that truly waits for a person is pending-held:
for its owner's answer, for their word that it is urgent where the account is short, or for the
release that was asked for or that the office's rules demand; and a job that was released and then
vanished from CUPS is UNKNOWN: it may lie in a tray, so it is never printed again by itself, and its
reservation stands until a person decides.

A job is held after it was accepted and never instead: the rules have spoken and its sheets are
reserved, so whoever releases it at the printer is not refused there. Whatever ends a held job
(cancelled, expired) frees the reservation. A job can be held as long as CUPS holds it for us
(FORWARDED) and nobody is about to let it go; what was let go cannot be taken back.
"""

from enum import StrEnum


class JobState(StrEnum):
    """The job-state values of RFC 8011 §5.3.7."""

    PENDING = "pending"
    PENDING_HELD = "pending-held"
    PROCESSING = "processing"
    PROCESSING_STOPPED = "processing-stopped"
    CANCELED = "canceled"
    ABORTED = "aborted"
    COMPLETED = "completed"


class Stage(StrEnum):
    """Where a job stands."""

    RECEIVING = "receiving"
    DECIDING = "deciding"
    ASKED = "asked"
    ACCEPTED = "accepted"
    SHORT = "short"
    HELD = "held"
    FORWARDED = "forwarded"
    RELEASED = "released"
    CANCELING = "canceling"
    COMPLETED = "completed"
    CIRCULATED = "circulated"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REFUSED = "refused"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class Event(StrEnum):
    """What can happen to a job."""

    DOCUMENT_RECEIVED = "document-received"
    DOCUMENT_LOST = "document-lost"
    ACCEPT = "accept"
    ASK = "ask"
    FALL_SHORT = "fall-short"
    HOLD = "hold"
    RELEASE_HOLD = "release-hold"
    CIRCULATE = "circulate"
    REFUSE = "refuse"
    FORWARD = "forward"
    RELEASE = "release"
    CANCEL = "cancel"
    EXPIRE = "expire"
    BACKEND_COMPLETED = "backend-completed"
    BACKEND_CANCELED = "backend-canceled"
    BACKEND_ABORTED = "backend-aborted"
    BACKEND_LOST = "backend-lost"
    CLOSE = "close"


class WrongStage(Exception):
    """The event cannot happen to a job in this stage."""

    def __init__(self, stage: Stage, event: Event) -> None:
        super().__init__(f"a job that is {stage} cannot {event}")
        self.stage, self.event = stage, event


_AT_BACKEND = {
    Event.BACKEND_COMPLETED: Stage.COMPLETED,
    Event.BACKEND_CANCELED: Stage.CANCELED,
    Event.BACKEND_ABORTED: Stage.ABORTED,
    Event.BACKEND_LOST: Stage.UNKNOWN,
}
_VERDICTS = {
    Event.ACCEPT: Stage.ACCEPTED,
    Event.CIRCULATE: Stage.CIRCULATED,
    Event.REFUSE: Stage.REFUSED,
    Event.CANCEL: Stage.CANCELED,
}
_ON_ITS_WAY = {
    Event.CANCEL: Stage.CANCELED,
    Event.DOCUMENT_LOST: Stage.ABORTED,
    # Only after an old backup was restored: what happened since then is not known.
    Event.BACKEND_LOST: Stage.UNKNOWN,
}

TRANSITIONS: dict[Stage, dict[Event, Stage]] = {
    Stage.RECEIVING: {
        Event.DOCUMENT_RECEIVED: Stage.DECIDING,
        Event.REFUSE: Stage.REFUSED,
        Event.CANCEL: Stage.CANCELED,
        Event.EXPIRE: Stage.EXPIRED,
    },
    Stage.DECIDING: {**_VERDICTS, Event.ASK: Stage.ASKED, Event.FALL_SHORT: Stage.SHORT},
    Stage.ASKED: {**_VERDICTS, Event.EXPIRE: Stage.EXPIRED, Event.FALL_SHORT: Stage.SHORT},
    Stage.SHORT: {
        Event.ACCEPT: Stage.ACCEPTED,
        Event.CANCEL: Stage.CANCELED,
        Event.EXPIRE: Stage.EXPIRED,
    },
    Stage.ACCEPTED: {Event.FORWARD: Stage.FORWARDED, Event.HOLD: Stage.HELD, **_ON_ITS_WAY},
    Stage.HELD: {
        Event.RELEASE_HOLD: Stage.ACCEPTED,
        Event.CANCEL: Stage.CANCELED,
        Event.EXPIRE: Stage.EXPIRED,
    },
    # Still held in CUPS: what is created again was never released, so nothing can print twice.
    Stage.FORWARDED: {
        Event.FORWARD: Stage.FORWARDED,
        Event.RELEASE: Stage.RELEASED,
        Event.HOLD: Stage.HELD,
        **_ON_ITS_WAY,
    },
    Stage.RELEASED: {**_AT_BACKEND, Event.CANCEL: Stage.CANCELING},
    # A person looked into the tray and says what came out: CUPS never said, or lost the job.
    Stage.CANCELING: {
        **_AT_BACKEND,
        Event.CANCEL: Stage.CANCELING,
        Event.CLOSE: Stage.COMPLETED,
    },
    Stage.UNKNOWN: {Event.CLOSE: Stage.COMPLETED},
    Stage.COMPLETED: {},
    Stage.CIRCULATED: {},
    Stage.CANCELED: {},
    Stage.EXPIRED: {},
    Stage.REFUSED: {},
    Stage.ABORTED: {},
}

IPP_STATES: dict[Stage, tuple[JobState, tuple[str, ...]]] = {
    Stage.RECEIVING: (JobState.PENDING, ("job-incoming",)),
    Stage.DECIDING: (JobState.PENDING, ("job-transforming",)),
    Stage.ASKED: (JobState.PENDING_HELD, ("job-held-for-review",)),
    Stage.ACCEPTED: (JobState.PENDING, ("job-queued",)),
    Stage.SHORT: (JobState.PENDING_HELD, ("account-limit-reached",)),
    Stage.HELD: (JobState.PENDING_HELD, ("job-hold-until-specified",)),
    Stage.FORWARDED: (JobState.PENDING, ("job-outgoing",)),
    Stage.RELEASED: (JobState.PROCESSING, ("job-printing",)),
    Stage.CANCELING: (JobState.PROCESSING, ("processing-to-stop-point",)),
    Stage.COMPLETED: (JobState.COMPLETED, ("job-completed-successfully",)),
    Stage.CIRCULATED: (JobState.COMPLETED, ("job-completed-with-warnings",)),
    Stage.CANCELED: (JobState.CANCELED, ("job-canceled-by-user",)),
    Stage.EXPIRED: (JobState.ABORTED, ("aborted-by-system",)),
    Stage.REFUSED: (JobState.ABORTED, ("aborted-by-system",)),
    Stage.ABORTED: (JobState.ABORTED, ("aborted-by-system",)),
    Stage.UNKNOWN: (JobState.ABORTED, ("aborted-by-system", "job-completed-with-errors")),
}

ACTIVE = frozenset(
    {
        Stage.RECEIVING,
        Stage.DECIDING,
        Stage.ASKED,
        Stage.SHORT,
        Stage.ACCEPTED,
        Stage.HELD,
        Stage.FORWARDED,
        Stage.RELEASED,
        Stage.CANCELING,
    }
)
"""Stages that an IPP client counts as not-completed."""

UNDECIDED = frozenset({Stage.RECEIVING, Stage.DECIDING, Stage.ASKED, Stage.SHORT})
"""Stages before acceptance: a hold asked for now is remembered until then."""

WAITS = frozenset({Stage.RECEIVING, Stage.ASKED, Stage.SHORT})
"""Stages in which a job waits for somebody until a moment that is written beside it."""

AT_BACKEND = frozenset({Stage.RELEASED, Stage.CANCELING})
"""Stages in which CUPS decides what happens next."""

OVER = frozenset(stage for stage, events in TRANSITIONS.items() if not events)
"""Stages that nothing follows."""


def advance(stage: Stage, event: Event) -> Stage:
    """Return the stage after `event`; WrongStage if it cannot happen to a job in `stage`."""
    try:
        return TRANSITIONS[stage][event]
    except KeyError:
        raise WrongStage(stage, event) from None


def may(stage: Stage, event: Event) -> bool:
    """Tell whether `event` can happen to a job in `stage`."""
    return event in TRANSITIONS[stage]
