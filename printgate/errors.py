"""The errors of the gateway; each code is explained in README.md."""

from core.errors import Conflict, Forbidden, LimitReached, NotFound, PrintgateError


class UnknownPerson(Forbidden):
    """The claimed name belongs to nobody, and guests may not print here."""

    code = "unknown-person"


class NoSuchPrinter(NotFound):
    """The gateway offers no printer of that name."""

    code = "no-such-printer"


class NoSuchJob(NotFound):
    """There is no such job, or none that the asker may know of."""

    code = "no-such-job"


class TooManyJobs(LimitReached):
    """So many jobs of this person wait for their documents already."""

    code = "too-many-jobs"


class JobNotPossible(Conflict):
    """The job is no longer (or not yet) in a stage in which this can be done."""

    code = "job-not-possible"


class NoSuchPermit(NotFound):
    """There is no such permit, or none that the asker may know of."""

    code = "no-such-permit"


class PermitNotPossible(Conflict):
    """The permit is no longer in a state in which this can be done."""

    code = "permit-not-possible"


class TooManyPermits(LimitReached):
    """So many permits of this person wait for a decision already."""

    code = "too-many-permits"


class PrinterRetired(Conflict):
    """The printer takes no new jobs any more."""

    code = "printer-retired"


class DocumentDamaged(PrintgateError):
    """What lies in the spool is not what was decided on: it must not be printed."""

    code = "document-damaged"


class BackendUnavailable(PrintgateError):
    """CUPS or the printer behind it does not answer; the work is tried again."""

    code = "backend-unavailable"
    http_status = 503
