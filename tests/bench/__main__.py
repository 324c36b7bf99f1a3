"""Run the benchmarks and write build/bench.json: `make bench`, or a part with `B=print-job`."""

import json
import sys
from pathlib import Path

from tests.bench import printing
from tests.bench.ledger import ledger
from tests.bench.measure import Result
from tests.bench.scene import scene
from tests.bench.screen import ENTRIES, screen

BUILD = Path(__file__).parents[2] / "build"
PLAYED = {
    "get-printer-attributes": printing.printer_attributes,
    "lp-to-last-octet": printing.latency,
    "print-job": printing.print_job,
    "memory": printing.memory,
}
"""The benchmarks that need both servers; the first figures are the ones of a server at rest."""
_HEAD = ("what", "ours", "peer", "unit", "ratio", "spread", "aim", "")


def main() -> int:
    """Run all benchmarks whose names begin with one of the arguments; 1 if an aim was missed.

    `screen:1000000` runs that one on so many entries.
    """
    wanted = tuple(each.split(":")[0] for each in sys.argv[1:]) or ("",)
    sizes = [each.split(":")[1] for each in sys.argv[1:] if each.startswith("screen:")]
    entries = int(sizes[0]) if sizes else ENTRIES
    results: dict[str, Result] = {}
    if "ledger".startswith(wanted):
        results |= ledger()
    if "screen".startswith(wanted):
        results |= screen(entries)
    played = {title: bench for title, bench in PLAYED.items() if title.startswith(wanted)}
    if played:
        with scene() as stage:
            for bench in played.values():
                results |= bench(stage)
    BUILD.mkdir(exist_ok=True)
    found = {name: result.to_json() for name, result in results.items()}
    (BUILD / "bench.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    _table(results)
    return 0 if all(result.reached for result in results.values()) else 1


def _table(results: dict[str, Result]) -> None:
    rows = [_HEAD]
    for name, each in results.items():
        aim = "" if each.aim is None else f"{'≥' if each.better == 'higher' else '≤'} {each.aim}"
        aim += "" if each.most is None else f"ours ≤ {each.most:g} {each.unit}"
        mark = "" if not aim else ("reached" if each.reached else "missed")
        rows.append((name, f"{each.ours:g}", f"{each.peer:g}", each.unit, f"{each.ratio:g}",
                     f"{each.spread:.0%}", aim, mark))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
