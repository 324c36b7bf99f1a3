"""Random office traffic while random parts die: `python -m tests.faults.soak 2000`.

32 clients print to 6 printers, and every few seconds cupsd, a printer or Printgate itself is killed
with SIGKILL, by its pid, and started again. At the end everything is counted: what clients were
told, what the printers kept, what the accounts say.
"""

import http.client
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.identity import queries as identity
from core.people import SYSTEM
from deploy import doctor
from deploy.lab.office import Lab, lab_folder
from deploy.seed import OFFICES
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import Operation, Status
from printgate.ipp.values import boolean, name
from printgate.lifecycle import ACTIVE, Stage
from printgate.queries import Job
from quotas import service
from quotas.periods import Period
from quotas.units import Unit
from tests.e2e.rig import Client, job_id
from tests.faults.rig import Paper, Server, paper, printed, spent_sheets, state_of_an_office

PRINTERS = {f"office-{letter}": True for letter in "abcdef"}
CLIENTS = 32
JOBS_PER_SECOND = 6.0
SHEETS = 100_000
_PEOPLE = [login for office in OFFICES[:2] for login, _ in office.people]
_POOR = OFFICES[2].people[0][0]
"""Somebody whose office has next to nothing left."""
_AFTERMATH = timedelta(seconds=15)


@dataclass
class Tally:
    """What clients were told, and what was killed when."""

    acknowledged: list[Paper] = field(default_factory=list)
    refused: list[Paper] = field(default_factory=list)
    unanswered: list[Paper] = field(default_factory=list)
    canceled: set[str] = field(default_factory=set)
    kills: list[tuple[str, datetime]] = field(default_factory=list)
    lives: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds, resident octets and open files of each life of the server, at its end."""

    @property
    def sent(self) -> int:
        return len(self.acknowledged) + len(self.refused) + len(self.unanswered)


@dataclass(frozen=True)
class Report:
    """The exact counts at the end."""

    fates: Counter[str]
    wrong: list[str]
    charged: int
    spent: int
    findings: list[str]
    tally: Tally

    @property
    def good(self) -> bool:
        return not self.wrong and not self.findings and self.charged == self.spent

    def __str__(self) -> str:
        tally = self.tally
        kills = Counter(what for what, _ in tally.kills)
        lines = [
            f"sent {tally.sent}: acknowledged {len(tally.acknowledged)}, refused "
            f"{len(tally.refused)}, unanswered {len(tally.unanswered)}",
            f"killed: {dict(kills)}",
            "fates: " + ", ".join(f"{what} {n}" for what, n in sorted(self.fates.items())),
            f"charged {self.charged} sheets to jobs, {self.spent} in the accounts",
            f"doctor: {'; '.join(self.findings) or 'clean'}",
        ]
        lines += [
            f"a life of {seconds:.0f} s ended with {octets // 2**20} MiB and {files} open files"
            for seconds, octets, files in tally.lives[-5:]
        ]
        return "\n".join([*lines, *(f"WRONG: {each}" for each in self.wrong)])


class Soak:
    """One run."""

    def __init__(
        self, server: Server, jobs: int, every_seconds: float, jobs_per_second: float, seed: int
    ) -> None:
        self.server, self.jobs, self.every = server, jobs, every_seconds
        self._pause = 2 * CLIENTS / jobs_per_second
        self.tally, self._lock = Tally(), threading.Lock()
        self._random = random.Random(seed)
        self._left, self._done = jobs, threading.Event()
        self._began = time.monotonic()

    def run(self, progress: Callable[[str], None]) -> Report:
        """Send everything, kill now and then, wait until it is quiet, and count."""
        self.server.start()
        clients = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for each in clients:
            each.start()
        # The kernel's "die with your parent" means the thread: so parts are started from this one.
        self._kill_now_and_then(clients, progress)
        for each in clients:
            each.join()
        quiet_seconds = 120 + self.jobs / 2
        self._wait_until_quiet(quiet_seconds, progress)
        self._note_life()
        return self._count()

    def _client(self) -> None:
        while True:
            with self._lock:
                if self._left <= 0:
                    return
                self._left -= 1
                rng = random.Random(self._random.random())
            time.sleep(rng.random() * self._pause)
            each = paper(rng.randint(1, 5), rng.choice(list(PRINTERS)))
            heard = self._send(each, rng)
            with self._lock:
                heard.append(each)

    def _send(self, each: Paper, rng: random.Random) -> list[Paper]:
        poor = rng.random() < 0.05
        client = Client(self.server.port, _POOR if poor else rng.choice(_PEOPLE))
        try:
            number = self._print(client, each, in_two_steps=rng.random() < 0.3)
            if number is None:
                return self.tally.refused
            if rng.random() < 0.05:
                self._cancel(client, each, number)
        except (OSError, http.client.HTTPException):
            return self.tally.unanswered
        return self.tally.acknowledged

    def _print(self, client: Client, each: Paper, *, in_two_steps: bool) -> int | None:
        operation = Operation.CREATE_JOB if in_two_steps else Operation.PRINT_JOB
        message = client.message(operation, name("job-name", each.title), printer=each.printer)
        answer = self._ask(client, encode(message) + (b"" if in_two_steps else each.octets))
        if answer is None or not in_two_steps:
            return answer
        send = client.message(
            Operation.SEND_DOCUMENT,
            boolean("last-document", True),
            job_id=answer,
            printer=each.printer,
        )
        return self._ask(client, encode(send) + each.octets)

    @staticmethod
    def _ask(client: Client, octets: bytes) -> int | None:
        status, body = client.post(octets)
        answer = decode_bytes(body)[0]
        taken = status == 200 and answer.code < Status.BAD_REQUEST
        return job_id(answer) if taken else None

    def _cancel(self, client: Client, each: Paper, number: int) -> None:
        with self._lock:
            self.tally.canceled.add(each.title)
        try:
            client.post(encode(client.message(Operation.CANCEL_JOB, job_id=number)))
        except (OSError, http.client.HTTPException):
            return

    def _kill_now_and_then(
        self, clients: list[threading.Thread], progress: Callable[[str], None]
    ) -> None:
        turn, due = 0, time.monotonic() + self.every
        while any(each.is_alive() for each in clients):
            time.sleep(0.2)
            if time.monotonic() >= due:
                self._kill(turn)
                turn, due = turn + 1, time.monotonic() + self.every
            progress(self._line())

    def _kill(self, turn: int) -> None:
        lab = self.server.lab
        # Each kind comes round, so that a short run has them all.
        what = ("server", "printer", "cupsd")[turn % 3]
        target = self._random.choice(list(PRINTERS)) if what == "printer" else what
        self.tally.kills.append((target, datetime.now(UTC)))  # noqa: TID251  # a real moment
        if what == "server":
            self._note_life()
            self.server.kill()
            self.server.start()
            self._began = time.monotonic()
        elif what == "cupsd":
            lab.backend.kill()
            lab.backend.start()
            lab.backend.wait()
        else:
            printer = lab.printers[target]
            printer.kill()
            printer.start()
            printer.wait()

    def _note_life(self) -> None:
        process = Path(f"/proc/{self.server.pid}")
        pages = int((process / "statm").read_text().split()[1])
        files = len(list((process / "fd").iterdir()))
        self.tally.lives.append((time.monotonic() - self._began, pages * 4096, files))

    def _line(self) -> str:
        tally = self.tally
        return (
            f"{tally.sent}/{self.jobs} sent, {len(tally.acknowledged)} acknowledged, "
            f"{sum(printed(self.server.lab).values())} printed, {len(tally.kills)} kills"
        )

    def _wait_until_quiet(self, seconds: float, progress: Callable[[str], None]) -> None:
        deadline = time.monotonic() + seconds
        while self._under_way() and time.monotonic() < deadline:
            progress(f"{self._line()}, {self._under_way()} under way")
            time.sleep(0.5)
        self.server.quiet(60)

    def _under_way(self) -> int:
        return sum(job.stage in ACTIVE for job in self.server.jobs())

    def _count(self) -> Report:
        out, jobs = printed(self.server.lab), {job.title: job for job in self.server.jobs()}
        fates: Counter[str] = Counter()
        wrong = []
        for each in self.tally.acknowledged:
            fate = self._fate(each, jobs.get(each.title), out[each.title])
            fates[fate] += 1
            if fate.startswith("wrong"):
                wrong.append(f"{each.title}: {fate}")
        for each in self.tally.refused:
            if out[each.title]:
                wrong.append(f"{each.title} was refused and printed")
        for each in self.tally.unanswered:
            job = jobs.get(each.title)
            fate = "unanswered, " + ("no job" if job is None else f"{job.stage}")
            fates[fate] += 1
            if out[each.title] > 1 or (out[each.title] and job is None):
                wrong.append(f"{each.title}: {fate}, printed {out[each.title]} times")
        charged = sum(job.sheets_used or 0 for job in jobs.values())
        found = doctor.examine(self.server.settings, strict=True)
        findings = [f"{each.check}: {each.what}" for each in found if each.bad]
        return Report(
            fates, wrong, charged, spent_sheets(self.server.database), findings, self.tally
        )

    def _fate(self, each: Paper, job: Job | None, times: int) -> str:
        """Say what became of an acknowledged paper, in words that begin with "wrong" if it is."""
        if job is None:
            return "wrong: no job"
        if job.stage is Stage.UNKNOWN:
            return "unknown, a person is asked" if times <= 1 else f"wrong: unknown, {times} times"
        if job.stage in (Stage.CANCELED, Stage.ABORTED):
            return self._broken_off(each, job, times)
        if job.stage is not Stage.COMPLETED or job.sheets_used != each.sheets:
            return f"wrong: {job.stage}, {job.sheets_used} of {each.sheets} sheets"
        if times == 1:
            return "printed once"
        if times > 1 and any(reason.rule == "backend" for reason in job.reasons):
            return "printed again by CUPS after its death, and said so"
        if times > 1 and self._died(each.printer, job):
            return "printed again by CUPS after the printer's death"
        return f"wrong: printed {times} times"

    def _broken_off(self, each: Paper, job: Job, times: int) -> str:
        if times > 1 or (job.sheets_used or 0) > each.sheets:
            return f"wrong: {job.stage}, {times} times, {job.sheets_used} sheets"
        if each.title in self.tally.canceled:
            return "canceled"
        if self._died(each.printer, job):
            return f"{job.stage} when the printer died, its sender is told"
        return f"wrong: {job.stage} for no reason"

    def _died(self, printer: str, job: Job) -> bool:
        """Tell whether this printer was killed while it had the job."""
        ended = job.completed_at or job.changed_at
        return any(
            what == printer and job.created_at <= when <= ended + _AFTERMATH
            for what, when in self.tally.kills
        )


@contextmanager
def prepared(lab: Lab, folder: Path) -> Iterator[Server]:
    """Make an office whose people may print all day."""
    with state_of_an_office(lab, folder, folder / "template"):
        # A client that dies between Create-Job and Send-Document is waited for, but not for long.
        server = Server(
            lab, folder, PRINTGATE_TASK_THREADS="8", PRINTGATE_MULTIPLE_OPERATION_SECONDS="20"
        )
        now = datetime.now(UTC)  # noqa: TID251  # a real moment
        with server.database.transaction() as session:
            for office in identity.offices(session):
                if office.code in [each.code for each in OFFICES[:2]]:
                    service.grant(
                        session, f"soak:{office.id}", office.id, Unit.SHEETS,
                        Period.of_moment(now), SHEETS, actor=SYSTEM, now=now,
                    )  # fmt: skip
        try:
            yield server
        finally:
            server.stop()
            server.database.close()


def main() -> None:
    """Run as many jobs as the command line says; 0 only if every count is as it should be."""
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    last = [0.0]

    def progress(line: str) -> None:
        if time.monotonic() - last[0] > 1:
            last[0] = time.monotonic()
            sys.stderr.write(f"\r{line}        ")

    lab_at, state = lab_folder(), Path(tempfile.mkdtemp(prefix="printgate-soak-"))
    try:
        with Lab(lab_at, PRINTERS) as lab, prepared(lab, state) as server:
            report = Soak(server, jobs, 10.0, JOBS_PER_SECOND, seed).run(progress)
    finally:
        shutil.rmtree(lab_at)
    sys.stderr.write(f"\nseed {seed}\n{report}\n")
    if report.good:
        shutil.rmtree(state)
    else:
        sys.stderr.write(f"the log and the database are in {state}\n")
    sys.exit(0 if report.good else 1)


if __name__ == "__main__":
    main()
