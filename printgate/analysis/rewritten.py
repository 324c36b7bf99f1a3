"""What every reader of a format hands back: the PDF that is printed, and what was seen in it."""

from dataclasses import dataclass

PAGES_MAX = 5000
"""More pages than anybody prints; what has more is refused before it costs more."""
SIZES_MAX = 8


@dataclass(frozen=True)
class Rewritten:
    """The PDF that is printed: what was counted and found while it was written."""

    pages: int
    sizes: tuple[tuple[float, float], ...]
    """Different page sizes in points, in order of appearance, a few at the most."""
    title: str = ""
    repaired: bool = False
    """Whether the file lied about its pages or was damaged; what is printed is sound."""
