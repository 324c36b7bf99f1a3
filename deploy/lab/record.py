"""The print engine of a virtual printer: run by ippeveprinter for each job, as its `-c` command.

Arguments: the printer's folder and the document. It keeps the document and the IPP_* variables,
counts impressions as a printer does (pages × copies), and reports them on standard error in
ippeveprinter's language. A file `behave.json` in the folder makes it slow, jam, lie or break off.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


def main() -> int:
    """Print one job; 0 when all of it came out."""
    from deploy.lab.printer import pages_by_pdfinfo

    folder, document = Path(sys.argv[1]), Path(sys.argv[2])
    knobs = _knobs(folder)
    stamp = f"{time.time_ns():020}-{os.getpid()}"
    record = folder / "record" / stamp
    shutil.copyfile(document, record.with_suffix(".doc"))
    variables = {name: value for name, value in os.environ.items() if name.startswith("IPP_")}
    variables["CONTENT_TYPE"] = os.environ.get("CONTENT_TYPE", "")
    total = (pages_by_pdfinfo(document) or 1) * int(variables.get("IPP_COPIES") or 1)
    done = _print(total, knobs, folder)
    partial = record.with_suffix(".part")
    partial.write_text(json.dumps({**variables, "impressions": done}), encoding="utf-8")
    partial.rename(record.with_suffix(".json"))
    return 0 if done == total else 1


def _jam(folder: Path) -> None:
    """Stand still until somebody takes the jammed paper out: until the knob is gone."""
    _report("STATE: +media-jam")
    while "jam_after" in _knobs(folder):
        time.sleep(0.1)
    _report("STATE: -media-jam")


def _knobs(folder: Path) -> dict[str, int]:
    behave = folder / "behave.json"
    found = json.loads(behave.read_text(encoding="utf-8")) if behave.exists() else {}
    return dict(found)


def _print(total: int, knobs: dict[str, int], folder: Path) -> int:
    done = 0
    _report(f"ATTR: job-impressions={total}")
    for _ in range(min(total, int(knobs.get("stop_after", total)))):
        time.sleep(float(knobs.get("delay_seconds", 0)))
        done += 1
        if done == knobs.get("jam_after"):
            _jam(folder)
        _report(f"ATTR: job-impressions-completed={knobs.get('lie', done)}")
    return done


def _report(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
