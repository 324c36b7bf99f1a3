"""What the demo prints, and what must become of it.

Each case prints like a person, waits, and compares what the gateway decided with what programs that
we did not write have seen: ippeveprinter's own IPP_SIDES and IPP_COPIES, and the pages of the file
it kept as pdfinfo counts them.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.text import Text
from deploy.demo.desk import Desk
from deploy.lab.printer import Received
from printgate.lifecycle import ACTIVE, Stage
from printgate.queries import Job
from quotas import queries as quotas
from quotas.periods import Period
from quotas.units import Unit
from web.words import RULES, STAGES

_QUIET_SECONDS = 12.0
"""A client queue that asks again does so after ten seconds."""


@dataclass
class Row:
    """One line of the demo's table; `problems` is empty when all is as it should be."""

    asked: Text
    decided: list[Text] = field(default_factory=list)
    """What became of the job and the rules that had a say, in the words of the pages."""
    received: str = "—"
    charged: int = 0
    problems: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Note a difference between what is and what should be."""
        if found != wanted:
            self.problems.append(f"{what}: {found!r} instead of {wanted!r}")

    def show(self, job: Job) -> None:
        """Note what was decided of a job and what it was charged."""
        self.decided = [STAGES[job.stage], *(RULES[reason.rule] for reason in job.reasons)]
        self.charged = job.sheets_used or 0

    def show_paper(self, received: Received) -> None:
        """Note what the virtual printer got."""
        self.received = f"{received.sides}, {received.copies} × {received.pages} p."


def final_notice(desk: Desk, papers: dict[str, Path]) -> Row:
    """Print a final notice that mentions 讨论稿 in its body: two-sided, four sheets."""
    row = Row(Text("final notice, 3 pages, one-sided, 2 copies, by 王芳"))
    before = _paper(desk, "office-a")
    desk.lp("wangfang", "office-a", papers["notice"], "-n", "2", "-o", "sides=one-sided")
    job = _ended(desk, "wangfang", row)
    if job is None:
        return row
    row.show(job)
    row.expect("stage", job.stage, Stage.COMPLETED)
    row.expect("sheets charged", job.sheets_used, 4)
    row.expect("rule shown", [reason.rule for reason in job.reasons], ["two-sided"])
    _expect_paper(desk, row, before, ("two-sided-long-edge", 2, 3))
    return row


def draft(desk: Desk, papers: dict[str, Path]) -> Row:
    """Print a draft with a neutral title: no paper, but a document to read in a browser."""
    row = Row(Text("draft with the title “document”, 2 pages, by 张伟"))
    before = _paper(desk, "office-a")
    desk.lp("zhangwei", "office-a", papers["draft"], "-t", "document")
    job = _ended(desk, "zhangwei", row)
    if job is None:
        return row
    row.show(job)
    row.expect("stage", job.stage, Stage.CIRCULATED)
    row.expect("paper", _paper(desk, "office-a"), before)
    browser = desk.browser("zhangwei")
    page = browser.get(f"/documents/{job.document_id}")
    row.expect("owner on the page", "张伟" in page, True)
    picture = browser.get_octets(f"/documents/{job.document_id}/pages/1.png")
    row.expect("page as a picture", picture[:4], b"\x89PNG")
    row.expect("news on the first page", f"/documents/{job.document_id}" in browser.get("/"), True)
    return row


def too_large_direct(desk: Desk, papers: dict[str, Path]) -> Row:
    """Print more than the office has left, straight to the gateway: `lp` says why."""
    row = Row(Text("14 pages with 5 sheets left, lp -h, by 冯雪"))
    said = desk.lp_direct("fengxue", "office-a", papers["large"])
    job = _newest(desk, "fengxue")
    row.expect("exit code of lp", said.code, 1)
    row.expect("sentence of the rule", bool(re.search("5.*7.*2", said.words)), True)
    if job is None:
        row.problems.append("the gateway knows of no job")
        return row
    row.show(job)
    row.received = said.words
    row.expect("stage", job.stage, Stage.REFUSED)
    row.expect("charged", job.sheets_used, None)
    return row


def too_large_queued(desk: Desk, papers: dict[str, Path]) -> Row:
    """Print the same through a desktop's queue: held there, the next job prints, no loop."""
    row = Row(Text("the same through a client queue, then 1 page, by 韩梅"))
    before = _paper(desk, "office-a")
    large = desk.lp("hanmei", "office-a", papers["large"])
    small = desk.lp("hanmei", "office-a", papers["small"])
    desk.wait_for("the next job prints", lambda: len(desk.jobs_of("hanmei")) >= 2)
    job = _ended(desk, "hanmei", row)
    asked = len(desk.jobs_of("hanmei"))
    time.sleep(_QUIET_SECONDS)
    jobs = desk.jobs_of("hanmei")
    row.expect("jobs asked for again", len(jobs) - asked, 0)
    row.expect("client's job", desk.client_state(large.client_job), "held")
    row.expect("client's next job", desk.client_state(small.client_job), "done")
    if job is None or len(jobs) != 2:
        row.problems.append(f"{len(jobs)} jobs at the gateway instead of 2")
        return row
    row.show(job)
    row.decided = [STAGES[jobs[1].stage], *row.decided]
    row.expect("stages", [each.stage for each in jobs], [Stage.COMPLETED, Stage.REFUSED])
    row.expect("charged", [each.sheets_used for each in jobs], [1, None])
    _expect_paper(desk, row, before, ("two-sided-long-edge", 1, 1))
    page = desk.browser("hanmei").get(f"/jobs/{jobs[1].id}")
    row.expect("rule and missing sheets on the page", "配额" in page and "2" in page, True)
    return row


def cancelled(desk: Desk, papers: dict[str, Path]) -> Row:
    """Cancel on the client's queue while the job waits at the gateway: nothing charged."""
    row = Row(Text("cancelled while the queue behind the gateway is stopped, by 刘洋"))
    before = _paper(desk, "office-a")
    desk.lab.backend.disable("office-a")
    said = desk.lp("liuyang", "office-a", papers["notice"])
    waiting = desk.wait_for(
        "the job waits at the gateway",
        lambda: [job.stage for job in desk.jobs_of("liuyang")] == [Stage.RELEASED],
    )
    row.expect("waits at the gateway", waiting, True)
    row.expect("reserved while it waits", _held(desk, "liuyang"), 2)
    desk.cancel(said.client_job)
    job = _ended(desk, "liuyang", row)
    desk.lab.backend.enable("office-a")
    if job is None:
        return row
    row.show(job)
    row.expect("stage", job.stage, Stage.CANCELED)
    row.expect("charged", job.sheets_used, 0)
    row.expect("reserved afterwards", _held(desk, "liuyang"), 0)
    row.expect("paper", _paper(desk, "office-a"), before)
    return row


def rerouted(desk: Desk, papers: dict[str, Path]) -> Row:
    """Print to the one-sided printer: goes to the two-sided one, and the page says so."""
    row = Row(Text("to the one-sided printer office-b, by 陈静"))
    before = _paper(desk, "office-a")
    desk.lp("chenjing", "office-b", papers["notice"])
    job = _ended(desk, "chenjing", row)
    if job is None:
        return row
    row.show(job)
    row.decided.append(Text("at {printer}", {"printer": job.target}))
    row.expect("stage", job.stage, Stage.COMPLETED)
    row.expect("target", job.target, "office-a")
    row.expect("sheets charged", job.sheets_used, 2)
    row.expect("paper at office-b", _paper(desk, "office-b"), 0)
    _expect_paper(desk, row, before, ("two-sided-long-edge", 1, 3))
    return row


CASES: tuple[Callable[[Desk, dict[str, Path]], Row], ...] = (
    final_notice,
    draft,
    too_large_direct,
    too_large_queued,
    cancelled,
    rerouted,
)


def books(desk: Desk, spool: Path) -> list[str]:
    """Return what is wrong with the books and the spool once every job has ended."""
    desk.wait_for("the spool is empty", lambda: not list(spool.iterdir()), seconds=10)
    problems = [f"left in the spool: {path.name}" for path in spool.iterdir()]
    with desk.database.snapshot() as session:
        problems += [f"the books differ: {each}" for each in quotas.discrepancies(session)]
    return problems


def _ended(desk: Desk, person: str, row: Row) -> Job | None:
    """Wait until all jobs of a person have ended; return the newest."""

    def over() -> bool:
        jobs = desk.jobs_of(person)
        return bool(jobs) and all(job.stage not in ACTIVE for job in jobs)

    if not desk.wait_for("the job ends", over):
        row.problems.append(f"not ended: {[str(job.stage) for job in desk.jobs_of(person)]}")
        return None
    return _newest(desk, person)


def _newest(desk: Desk, person: str) -> Job | None:
    jobs = desk.jobs_of(person)
    return jobs[0] if jobs else None


def _paper(desk: Desk, printer: str) -> int:
    return len(desk.lab.printers[printer].received())


def _expect_paper(desk: Desk, row: Row, before: int, wanted: tuple[str, int, int]) -> None:
    received = desk.lab.printers["office-a"].received()[before:]
    if len(received) != 1:
        row.problems.append(f"the printer received {len(received)} jobs instead of 1")
        return
    row.show_paper(received[0])
    found = (received[0].sides, received[0].copies, received[0].pages)
    row.expect("received by the printer", found, wanted)


def _held(desk: Desk, person: str) -> int:
    job = _newest(desk, person)
    if job is None:
        return -1
    with desk.database.snapshot() as session:
        period = Period.of_moment(job.created_at)
        return quotas.balance(session, job.office_id, Unit.SHEETS, period).held
