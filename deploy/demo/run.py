"""One run of the demo: parts up, jobs printed, table shown, pages served, everything down again."""

import getpass
import shutil
import signal
import sys
import tempfile
import time
import unicodedata
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from core.blobs import blobs_for
from core.db import Database
from core.settings import load
from core.text import Text
from deploy import terminal
from deploy.demo.cases import CASES, Row, books
from deploy.demo.desk import Desk
from deploy.demo.documents import circulating, make_papers
from deploy.demo.stage import ROOT, OneProcess
from deploy.lab.office import Lab, lab_folder
from deploy.lab.printer import pages_by_pdfinfo
from deploy.lab.process import answers
from deploy.migrations import upgrade
from deploy.ports import holder_of
from deploy.seed import OFFICES, PASSWORD, add_printer, seed_documents, seed_office
from printgate.backend.cups import CupsBackend

BUILD = ROOT / "build"

_HEADS = (
    Text("asked"),
    Text("decided"),
    Text("received by the printer"),
    Text("charged"),
    Text("as expected"),
)


def run(*, leave: bool, keep: bool, port: int, stage: type[OneProcess] = OneProcess) -> int:
    """Run the demo; 0 if every job ended as it should (1 if not, 2 if it can't start)."""
    signal.signal(signal.SIGTERM, _interrupt)
    if answers(port):
        _say(Text("Port {port} is taken by {holder}. Choose another: make demo PORT=8640",
                  {"port": port, "holder": holder_of(port)}))  # fmt: skip
        return 2
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=BUILD))
    parts = lab_folder()
    try:
        with ExitStack() as stack:
            return _run(stack, folder, parts, port, stage, leave=leave)
    except KeyboardInterrupt:
        return 130
    finally:
        if keep:
            _say(Text("Kept: {folder} and {parts}", {"folder": str(folder), "parts": str(parts)}))
        else:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(parts, ignore_errors=True)


def _run(
    stack: ExitStack,
    folder: Path,
    parts: Path,
    port: int,
    stage: type[OneProcess],
    *,
    leave: bool,
) -> int:
    _say(Text("Writing papers in LibreOffice …"))
    papers = make_papers(folder / "papers")
    _say(Text("Starting a private CUPS and two virtual printers …"))
    lab = stack.enter_context(Lab(parts))
    printgate = stage(stack, folder, parts, _say)
    environment = {
        **printgate.environment,
        "PRINTGATE_DATA_DIR": str(folder / "state"),
        "PRINTGATE_PRINTING_URL": lab.backend.url,
        "PRINTGATE_PORT": str(port),
        "PRINTGATE_UNKNOWN_PERSON": "guest",
    }
    settings = load(environment=environment, system_file=None)
    settings.data.mkdir(parents=True)
    upgrade(settings.opened_database_url)
    database = Database(settings.opened_database_url)
    stack.callback(database.close)
    me = getpass.getuser()
    seed_office(database, me=me)
    seed_documents(
        database, blobs_for(settings.opened_blobs_url), circulating(papers), pages_by_pdfinfo
    )
    for name in lab.printers:
        with CupsBackend(lab.backend.url) as backend:
            add_printer(database, backend, name, name, default=name == "office-a")
    printgate.start(environment, port)
    desk = Desk(lab, port, database)
    desk.add_queues()
    good = _print_all(desk, papers, settings.spool)
    if not leave:
        _serve(port, me)
    return 0 if good else 1


def _print_all(desk: Desk, papers: dict[str, Path], spool: Path) -> bool:
    rows: list[Row] = []
    for number, case in enumerate(CASES, 1):
        _say(Text("Printing {n} of {all} …", {"n": number, "all": len(CASES)}))
        rows.append(case(desk, papers))
    problems = books(desk, spool)
    _table(rows)
    for row in rows:
        problems += [f"{row.asked}: {problem}" for problem in row.problems]
    for problem in problems:
        sys.stdout.write(f"  !! {problem}\n")
    if not problems:
        _say(Text("Every job ended as it should."))
    return not problems


def _table(rows: list[Row]) -> None:
    translate = terminal.translate()
    lines = [[head.render(translate) for head in _HEADS]]
    lines += [
        [
            row.asked.render(translate),
            translate(", ").join(words.render(translate) for words in row.decided),
            row.received,
            str(row.charged),
            "ok" if not row.problems else "!!",
        ]
        for row in rows
    ]
    widths = [min(60, max(_width(line[column]) for line in lines)) for column in range(5)]
    for line in lines:
        pairs = zip(line, widths, strict=True)
        cells = [cell + " " * (width - _width(cell)) for cell, width in pairs]
        sys.stdout.write("  " + "  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def _serve(port: int, me: str) -> None:
    _say(Text("The pages: http://127.0.0.1:{port}/", {"port": port}))
    heads = ", ".join(office.people[0][0] for office in OFFICES if office.people)
    _say(
        Text(
            "Sign in as wangfang, zhangwei or {me} (staff), {heads} (heads) or admin; "
            "the password is {password}",
            {"me": me, "heads": heads, "password": PASSWORD},
        )
    )
    _say(
        Text(
            "Print your own PDF: lp -h 127.0.0.1:{port} -d office-a YOUR.pdf, "
            "then sign in as {me} and look at “My jobs”.",
            {"port": port, "me": me},
        )
    )
    _say(Text("Ctrl-C ends the demo."))
    while True:
        time.sleep(3600)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _say(text: Text) -> None:
    sys.stdout.write(text.render(terminal.translate()) + "\n")
    sys.stdout.flush()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
