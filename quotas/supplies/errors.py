"""The errors of supplies; each code is explained in README.md."""

from core.errors import Conflict, LimitReached, NotFound
from core.text import Text


class OutOfStock(LimitReached):
    """Less lies in the store than is to be taken; nothing was taken."""

    code = "out-of-stock"

    def __init__(self, text: Text, *, needed: int, on_hand: int) -> None:
        super().__init__(text)
        self.needed, self.on_hand = needed, on_hand


class BudgetExceeded(LimitReached):
    """The office's budget for the year has less left than the order costs."""

    code = "budget-exceeded"

    def __init__(self, text: Text, *, needed_fen: int, left_fen: int) -> None:
        super().__init__(text)
        self.needed_fen, self.left_fen = needed_fen, left_fen


class WrongState(Conflict):
    """The order or stocktaking is not in a state in which this can happen."""

    code = "wrong-state"


class SecondPersonNeeded(Conflict):
    """Who asked, opened or counted can't be the one who approves or closes."""

    code = "second-person-needed"


class NoSuchSupply(NotFound):
    """There is no such article, store, order or stocktaking."""

    code = "no-such-supply"
