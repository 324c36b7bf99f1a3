"""Charts as SVG: pure functions from figures to markup, with a title and text for screen readers.

Colours and fonts come from the style sheet by class; nothing here needs an inline style, which the
pages' content security policy would refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 640, 220
_LEFT, _BOTTOM, _TOP = 44, 28, 10


@dataclass(frozen=True)
class Bar:
    """One bar: `label` under it, `value` above, `tip` when pointed at."""

    label: str
    value: int
    tip: str


def columns(title: str, bars: Sequence[Bar], every: int = 1) -> Markup:
    """Return upright bars; only each `every`-th label is written."""
    most = _round_up(max((bar.value for bar in bars), default=0))
    plot, step = _HEIGHT - _BOTTOM - _TOP, (_WIDTH - _LEFT) / max(1, len(bars))
    parts = [_axis(most)]
    for index, bar in enumerate(bars):
        height = plot * bar.value / most
        left = _LEFT + step * index
        parts.append(
            Markup(
                '<g class="bar"><title>{}</title>'
                '<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>'
                '<rect class="fill" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>'
                "</g>"
            ).format(
                bar.tip,
                left,
                _TOP,
                step,
                plot,
                left + step * 0.15,
                _TOP + plot - height,
                step * 0.7,
                height,
            )
        )
        if index % every == 0:
            parts.append(_label(left + step / 2, _HEIGHT - 8, bar.label, "middle"))
    return _svg(title, parts, _HEIGHT)


def rows(title: str, bars: Sequence[Bar]) -> Markup:
    """Return lying bars, one below the other, each with its label and value."""
    most = max((bar.value for bar in bars), default=0) or 1
    parts = []
    for index, bar in enumerate(bars):
        top = index * 34
        parts += [
            _label(0, top + 12, bar.label, "start"),
            _label(_WIDTH, top + 12, str(bar.value), "end"),
            Markup(
                '<g class="bar"><title>{}</title>'
                '<rect class="rail" x="0" y="{}" width="{}" height="10" rx="3"/>'
                '<rect class="fill" x="0" y="{}" width="{:.1f}" height="10" rx="3"/></g>'
            ).format(bar.tip, top + 17, _WIDTH, top + 17, _WIDTH * bar.value / most),
        ]
    return _svg(title, parts, max(34, len(bars) * 34))


def meter(title: str, spent: int, held: int, granted: int) -> Markup:
    """Return one bar of what is used and reserved of a grant."""
    whole = max(granted, spent + held, 1)
    used, reserved = _WIDTH * spent / whole, _WIDTH * held / whole
    bar = Markup(
        '<rect class="rail" x="0" y="0" width="{0}" height="22" rx="4"/>'
        '<rect class="{4}" x="0" y="0" width="{1:.1f}" height="22" rx="4"/>'
        '<rect class="held" x="{1:.1f}" y="0" width="{2:.1f}" height="22"/>'
        '<line class="limit" x1="{3:.1f}" x2="{3:.1f}" y1="0" y2="22"/>'
    ).format(
        _WIDTH, used, reserved, _WIDTH * granted / whole, "over" if spent > granted else "fill"
    )
    return _svg(title, [bar], 22)


def course(title: str, points: Sequence[tuple[float, int]], most: int) -> Markup:
    """Return a stepped line of a level: points are (share of the time axis, level)."""
    plot = 60
    path, last = [], 0.0
    for index, (share, level) in enumerate(points):
        across = share * _WIDTH
        down = 4 + plot - plot * max(0, min(level, most)) / max(1, most)
        path.append(f"M{across:.1f} {down:.1f}" if index == 0 else f"H{across:.1f}V{down:.1f}")
        last = across
    if path and last < _WIDTH:
        path.append(f"H{_WIDTH}")
    frame = Markup('<rect class="rail" x="0" y="4" width="{}" height="{}" rx="3"/>')
    line = Markup('<path class="course" d="{}"/>').format(" ".join(path))
    return _svg(title, [frame.format(_WIDTH, plot), line], plot + 8)


def _axis(most: int) -> Markup:
    plot = _HEIGHT - _BOTTOM - _TOP
    parts = []
    for quarter in (0, 2, 4):
        down = _TOP + plot - plot * quarter / 4
        parts.append(
            Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, _WIDTH, down, down
            )
        )
        parts.append(_label(_LEFT - 6, down + 4, str(most * quarter // 4), "end"))
    return Markup("").join(parts)


def _label(across: float, down: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        across, down, anchor, text
    )


def _svg(title: str, parts: Sequence[Markup], height: int) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" '
        'preserveAspectRatio="xMinYMid meet">{}</svg>'
    ).format(_WIDTH, height, title, Markup("").join(escape(part) for part in parts))


def _round_up(most: int) -> int:
    step = 4
    while step < most:
        step *= 2 if str(step)[0] in "48" else 5
    return step
