"""The errors of accounts; each code is explained in README.md."""

from core.errors import Conflict, Forbidden, LimitReached, NotFound
from core.text import Text
from quotas.limits import Limit
from quotas.projects import Bar


class QuotaExceeded(LimitReached):
    """The account has less left than was asked for; nothing was reserved or moved."""

    code = "quota-exceeded"
    rule = "quota"
    """What the rule is called that refuses a job for this."""

    def __init__(self, text: Text, *, needed: int, left: int, of_office: bool = False) -> None:
        super().__init__(text)
        self.needed, self.left = needed, left
        self.of_office = of_office
        """Whether it is an office's own account that lacks them: the emergency pool may help."""

    @property
    def missing(self) -> int:
        """How many units more the account would need, what it overran included."""
        return self.needed - self.left


class AccountClosed(QuotaExceeded):
    """The account is closed, or its project has ended: nothing can be taken from it or put in."""

    code = "account-closed"


class JobTooLarge(QuotaExceeded):
    """The job needs more sheets than one job of this office may take."""

    code = "job-limit"
    rule = Limit.JOB


class PersonLimitReached(QuotaExceeded):
    """The person has less left of what one person may take of the account in a period."""

    code = "person-limit"
    rule = Limit.PERSON


class UnfairShare(QuotaExceeded):
    """At the end of a period the job needs more than one person may take of what is left."""

    code = "fair-share"
    rule = Limit.SHARE


class NoSuchProject(QuotaExceeded):
    """The office has no project with this code."""

    code = "no-such-project"
    rule = Bar.UNKNOWN


class ProjectOver(AccountClosed):
    """The project with this code has ended, or its account is closed."""

    code = "project-over"
    rule = Bar.OVER


class ProjectShort(QuotaExceeded):
    """The project with this code has less left than the job needs."""

    code = "project-short"
    rule = Bar.SHORT


class PoolExhausted(QuotaExceeded):
    """The emergency pool has less left for the office in this period than the job lacks."""

    code = "pool-exhausted"


class ReasonOverdue(Forbidden):
    """The person owes a reason for an earlier use of the emergency pool."""

    code = "reason-overdue"


class NoSuchUse(NotFound):
    """There is no such use of the emergency pool, or none that the asker may know of."""

    code = "no-such-use"


class NotPossible(Conflict):
    """A use of the emergency pool is not in a state in which this can be done."""

    code = "use-not-possible"


class NoSuchAccount(NotFound):
    """The office has no such account."""

    code = "no-such-account"


class NoSuchReservation(NotFound):
    """There is no reservation with this id."""

    code = "no-such-reservation"


class ReservationEnded(Conflict):
    """The reservation has ended in another way than is asked for now."""

    code = "reservation-ended"


class EntryDiffers(Conflict):
    """An entry with this id exists and says something else."""

    code = "entry-differs"


class SecondPersonNeeded(Conflict):
    """The adjustment is above what one person may enter alone; it can be proposed."""

    code = "second-person-needed"


class SamePerson(Forbidden):
    """Who proposed an adjustment, or asked for sheets, cannot be the second person too."""

    code = "same-person"


class NoSuchProposal(NotFound):
    """No adjustment was proposed under this id."""

    code = "no-such-proposal"


class ProposalDecided(Conflict):
    """The proposal has been decided in another way than is asked for now."""

    code = "proposal-decided"


class NoSuchRequest(NotFound):
    """There is no request with this id, or none that the asker may know of."""

    code = "no-such-request"


class RequestDecided(Conflict):
    """The request has been decided in another way, or by somebody else."""

    code = "request-decided"


class RequestOpen(Conflict):
    """Who asks has a request for this account that nobody has decided on."""

    code = "request-open"


class NoSuchLoan(NotFound):
    """There is no loan with this id, or none that the asker may know of."""

    code = "no-such-loan"


class LoanDecided(Conflict):
    """The loan has been decided on in another way, or does not run."""

    code = "loan-decided"


class PlansChanged(Conflict):
    """Drafts, plans or what they were made against are no longer what was seen."""

    code = "plans-changed"
