"""Charts as SVG: pure functions from figures to markup, with a title and text for screen readers.

Places along the width are shares of it (per cent), heights are pixels: a chart fills whatever room
it is given while its words keep the size of the page's words. Colours come from the style sheet by
class; nothing here needs an inline style, which the pages' content security policy would refuse.
A chart never stands alone: the page shows its figures as a table too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_PLOT, _ABOVE, _BELOW = 170, 22, 24
_AXIS_SHARE = 8.0
_ROW = 36
_COURSE = 56


@dataclass(frozen=True)
class Bar:
    """One bar: `label` names it, `tip` is told when it is pointed at."""

    label: str
    value: int
    tip: str


@dataclass(frozen=True)
class Point:
    """A level from some place on the time axis on: `share` is 0 at its beginning, 1 at its end."""

    share: float
    level: int


def columns(title: str, unit: str, bars: Sequence[Bar], every: int = 1) -> Markup:
    """Return upright bars over an axis in `unit`; only each `every`-th label is written."""
    most = round_up(max((bar.value for bar in bars), default=0))
    peak = max(bars, key=lambda bar: bar.value, default=None)
    step = (100 - _AXIS_SHARE) / max(1, len(bars))
    parts = [_axis(most, unit)]
    for index, bar in enumerate(bars):
        left, height = _AXIS_SHARE + step * index, _PLOT * bar.value / most
        top = _ABOVE + _PLOT - height
        parts.append(
            Markup(
                '<g class="bar"><title>{}</title>'
                '<rect class="hit" x="{:.2f}%" y="{}" width="{:.2f}%" height="{}"/>'
                '<rect class="fill" x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}"/></g>'
            ).format(
                bar.tip, left, _ABOVE, step, _PLOT, left + step * 0.15, top, step * 0.7, height
            )
        )
        if bar.value:
            name = "value peak" if bar is peak else "value"
            parts.append(_text(left + step / 2, top - 5, f"{bar.value:,}", "middle", name))
        if index % every == 0:
            down = _ABOVE + _PLOT + 17
            parts.append(_text(left + step / 2, down, bar.label, "middle"))
    return _svg(title, parts, _ABOVE + _PLOT + _BELOW)


def rows(title: str, unit: str, bars: Sequence[Bar]) -> Markup:
    """Return lying bars, one below the other, each with its label and its value in `unit`."""
    most = max((bar.value for bar in bars), default=0) or 1
    parts = []
    for index, bar in enumerate(bars):
        top = index * _ROW
        parts += [
            _text(0, top + 14, bar.label, "start", "label"),
            _text(100, top + 14, f"{bar.value:,} {unit}", "end"),
            Markup(
                '<g class="bar"><title>{}</title>'
                '<rect class="rail" x="0" y="{}" width="100%" height="8" rx="4"/>'
                '<rect class="fill" x="0" y="{}" width="{:.2f}%" height="8" rx="4"/></g>'
            ).format(bar.tip, top + 21, top + 21, 100 * bar.value / most),
        ]
    return _svg(title, parts, max(_ROW, len(bars) * _ROW))


def meter(title: str, spent: int, held: int, granted: int) -> Markup:
    """Return one bar of what is used and reserved of a grant; the line is the grant's end."""
    whole = max(granted, spent + held, 1)
    used, reserved = 100 * spent / whole, 100 * held / whole
    parts = [
        Markup('<rect class="rail" x="0" y="0" width="100%" height="18" rx="4"/>'),
        Markup('<rect class="{}" x="0" y="0" width="{:.2f}%" height="18" rx="4"/>').format(
            "over" if spent > granted else "fill", used
        ),
        Markup('<rect class="held" x="{:.2f}%" y="0" width="{:.2f}%" height="18"/>').format(
            used, reserved
        ),
    ]
    if granted < whole:
        parts.append(
            Markup('<line class="limit" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="18"/>').format(
                100 * granted / whole
            )
        )
    return _svg(title, parts, 18)


def course(
    title: str, points: Sequence[Point], most: int, scale: str, ends: tuple[str, str]
) -> Markup:
    """Return the course of a level between 0 and `most` as steps.

    `scale` says in words what the height is, `ends` what the two ends of the time axis are.
    """
    path, top = [], 18
    for index, point in enumerate(points):
        down = 100 - 100 * max(0, min(point.level, most)) / max(1, most)
        across = 100 * point.share
        path.append(f"M{across:.2f} {down:.1f}" if index == 0 else f"H{across:.2f}V{down:.1f}")
    line = " ".join([*path, "H100"]) if path else ""
    begin = 100 * points[0].share if points else 100
    frame = Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none"><rect class="ground" width="100" height="100"/>'
        '<line class="middle" x1="0" x2="100" y1="50" y2="50"/>'
        '<path class="area" d="{} V100 H{:.2f} Z"/><path class="course" d="{}"/></svg>'
    )
    parts = [
        frame.format(top, _COURSE, line or "M100 100", begin, line or "M100 100"),
        _text(0, 12, scale, "start"),
        _text(0, top + _COURSE + 16, ends[0], "start"),
        _text(100, top + _COURSE + 16, ends[1], "end"),
    ]
    return _svg(title, parts, top + _COURSE + 20)


def round_up(most: int) -> int:
    """Return the end of an axis for values up to `most`: 1, 2, 4 or 8 times a power of ten."""
    end, ten = 4, 10
    while end < most:
        end = next((n * ten for n in (1, 2, 4, 8) if n * ten >= most), 10 * ten)
        ten *= 10
    return end


def _axis(most: int, unit: str) -> Markup:
    parts = []
    for quarter in (0, 2, 4):
        down = _ABOVE + _PLOT - _PLOT * quarter / 4
        line = Markup('<line class="grid" x1="{}%" x2="100%" y1="{:.1f}" y2="{:.1f}"/>')
        parts.append(line.format(_AXIS_SHARE, down, down))
        parts.append(_text(_AXIS_SHARE - 1, down + 4, f"{most * quarter // 4:,}", "end"))
    parts.append(_text(0, 12, unit, "start"))
    return Markup("").join(parts)


def _text(share: float, down: float, words: str, anchor: str, name: str = "") -> Markup:
    place = Markup('<text x="{:.2f}%" y="{:.1f}" text-anchor="{}"').format(share, down, anchor)
    return (
        place
        + (Markup(' class="{}"').format(name) if name else Markup(""))
        + Markup(">{}</text>").format(words)
    )


def _svg(title: str, parts: Sequence[Markup], height: int) -> Markup:
    return Markup(
        '<svg class="chart" width="100%" height="{}" role="img" aria-label="{}">{}</svg>'
    ).format(height, title, Markup("").join(parts))
