"""What a benchmark is, and how its figures become a ratio: medians of interleaved rounds.

Two cores of a shared machine are never quiet. So ours and the peer take turns, a few rounds each,
and the ratio is of the medians; the spread says how far the rounds lay apart, as a share of the
median, for the worse of the two.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True)
class Result:
    """One line of the table; `better` is "higher" or "lower", `aim` a ratio."""

    ours: float
    peer: float
    peer_name: str
    unit: str
    ratio: float
    spread: float
    better: str = "higher"
    aim: float | None = None
    most: float | None = None
    """What ours must not exceed, whatever the peer."""

    @property
    def reached(self) -> bool:
        """Whether the ratio is on the right side of the aim, and ours within its bound."""
        if self.most is not None and self.ours > self.most:
            return False
        if self.aim is None:
            return True
        return self.ratio >= self.aim if self.better == "higher" else self.ratio <= self.aim

    def to_json(self) -> dict[str, object]:
        """Return what build/bench.json keeps."""
        return {**asdict(self), "reached": self.reached}


def compare(
    ours: Callable[[], float],
    peer: Callable[[], float],
    *,
    peer_name: str,
    unit: str,
    aim: float | None = None,
    better: str = "higher",
    most: float | None = None,
    rounds: int = ROUNDS,
) -> Result:
    """Measure both in turns and return the ratio of the medians."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    own, other = [a for a, _ in pairs], [b for _, b in pairs]
    return Result(
        ours=round(median(own), 4),
        peer=round(median(other), 4),
        peer_name=peer_name,
        unit=unit,
        ratio=round(median(own) / median(other), 3),
        spread=round(max(_spread(own), _spread(other)), 3),
        better=better,
        aim=aim,
        most=most,
    )


def _spread(values: list[float]) -> float:
    return (max(values) - min(values)) / median(values)
