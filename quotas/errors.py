"""The errors of accounts; each code is explained in README.md."""

from core.errors import Conflict, LimitReached, NotFound
from core.text import Text


class QuotaExceeded(LimitReached):
    """The office has less left than was asked for; nothing was reserved."""

    code = "quota-exceeded"

    def __init__(self, text: Text, *, needed: int, left: int) -> None:
        super().__init__(text)
        self.needed, self.left = needed, left

    @property
    def missing(self) -> int:
        """How many units more the office would need, what it overran included."""
        return self.needed - self.left


class NoSuchReservation(NotFound):
    """There is no reservation with this id."""

    code = "no-such-reservation"


class ReservationEnded(Conflict):
    """The reservation has ended in another way than is asked for now."""

    code = "reservation-ended"


class EntryDiffers(Conflict):
    """An entry with this id exists and says something else."""

    code = "entry-differs"
