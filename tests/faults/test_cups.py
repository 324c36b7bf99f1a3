"""A CUPS that stops, dies, forgets or hangs: faults 27-30."""

import http.client
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import doctor
from deploy.cupsd_proofs import conf_findings, files_findings, parse_conf, unit_findings
from deploy.demo.desk import Browser
from deploy.lab.cupsd import SETTINGS, CupsServer
from deploy.lab.office import Lab
from printgate import queries as printing
from printgate.lifecycle import Stage
from tests.e2e.rig import until
from tests.faults.rig import (
    PRINTERS,
    Paper,
    Sent,
    Server,
    closing_audit,
    doctor_is_content,
    paper,
    printed,
    rounds,
)

NAMES = list(PRINTERS)
TIME_LIMIT_SECONDS = 30


def page(server: Server, each: Paper, language: str = "zh-CN") -> str:
    browser = Browser(f"http://127.0.0.1:{server.port}", "wangfang", language)
    return browser.get(f"/jobs/{server.job(each).id}")


def start(backend: CupsServer) -> None:
    backend.start()
    backend.wait()


def test_stopped_and_started_again(running: Server):
    backend = running.lab.backend
    backend.stop()
    try:
        papers = [paper(2, each) for each in NAMES]
        sent = running.send(*papers)
        assert sent.acknowledged == papers or len(sent.acknowledged) == 4
        until(lambda: running.job(papers[0]).state_reasons == ("connecting-to-device",))
        assert "无法连接" in page(running, papers[0])
        assert "can&#39;t be reached" in page(running, papers[0], "en")
    finally:
        start(backend)
    closing_audit(running, sent)


def test_killed_with_jobs_at_every_step(running: Server):
    backend = running.lab.backend
    for turn in range(rounds()):
        sent = Sent()
        for wave in range(4):
            heard = running.send(*[paper(1 + n % 3, NAMES[n % 4]) for n in range(4)])
            sent.acknowledged += heard.acknowledged
            assert not heard.unanswered + heard.refused
            if wave == 1 + turn % 2:
                time.sleep(0.05 * (turn % 5))
                backend.kill()
                start(backend)
        closing_audit(running, sent, repeats=True)


def test_what_it_forgot_is_unknown_and_its_ids_prove_nothing(server: Server):
    server.start()
    lab = server.lab
    for name in NAMES:
        lab.backend.disable(name)
    papers = [paper(4, each) for each in NAMES]
    assert len(server.send(*papers).acknowledged) == len(papers)
    until(lambda: all(server.job(each).stage is Stage.RELEASED for each in papers))
    ids = {server.job(each).backend_job_id for each in papers}
    forget_everything(lab)
    # A job of somebody else's gets the id of one of ours.
    for name in NAMES:
        lab.backend.disable(name)
    for _ in range(max(int(each or 0) for each in ids)):
        lab.backend.run("lp", "-d", "office-a", "-U", "sneak", "-t", "foreign", "/etc/hostname")
    until(lambda: all(server.job(each).stage is Stage.UNKNOWN for each in papers))

    def seen() -> bool:
        with server.database.snapshot() as session:
            return bool(printing.foreign_jobs(session))

    until(seen)
    lab.backend.run("cancel", "-a")
    for name in NAMES:
        lab.backend.enable(name)
    time.sleep(1.0)
    assert not any(printed(lab)[each.title] for each in papers)
    # A person looks into the tray and says what lies there.
    assert "出纸盘里有几张是这个作业的" in page(server, papers[0])
    browser = Browser(f"http://127.0.0.1:{server.port}", "wangfang")
    for each in papers:
        browser.post(f"/jobs/{server.job(each).id}/close", sheets="1")
        assert (server.job(each).stage, server.job(each).sheets_used) == (Stage.COMPLETED, 1)
    doctor_is_content(server, "foreign-jobs")


def a_job_in_the_cache_alone(backend: CupsServer) -> None:
    """Kill cupsd, and leave a job in its cache whose control file was not written any more."""
    backend.kill()
    cache = backend.folder / "cache" / "job.cache"
    last = re.findall(r"<Job \d+>.*?</Job>\n", cache.read_text("utf-8"), re.DOTALL)[-1]
    lost = re.sub(r"<Job \d+>", "<Job 99999>", last)
    cache.write_text(cache.read_text("utf-8") + lost, "utf-8")


def a_new_control_file(backend: CupsServer) -> None:
    """Kill cupsd while it writes the control file of a job anew: both are there, one cut short."""
    backend.kill()
    whole = control_file(backend)
    whole.with_name(f"{whole.name}.N").write_bytes(whole.read_bytes()[:100])


def an_old_control_file(backend: CupsServer) -> None:
    """Kill cupsd when it has replaced a control file, before it removed the old one."""
    backend.kill()
    whole = control_file(backend)
    shutil.copy(whole, whole.with_name(f"{whole.name}.O"))


def a_control_file_between_its_names(backend: CupsServer) -> None:
    """Kill cupsd between its two renames: a job has no file of its name, but an old and a new."""
    backend.kill()
    whole = control_file(backend)
    shutil.copy(whole, whole.with_name(f"{whole.name}.N"))
    whole.rename(whole.with_name(f"{whole.name}.O"))


def control_file(backend: CupsServer) -> Path:
    """Return the control file of the job that cupsd took last; the next cupsd reads the files.

    Whether it reads them or its cache is decided by their times, in whole seconds.
    """
    (backend.folder / "cache" / "job.cache").unlink(missing_ok=True)
    return max(
        path for path in (backend.folder / "spool").iterdir() if re.fullmatch(r"c\d+", path.name)
    )


@pytest.mark.parametrize(
    "leave_behind",
    [
        a_job_in_the_cache_alone,
        a_new_control_file,
        an_old_control_file,
        a_control_file_between_its_names,
    ],
)
def test_a_file_that_died_with_cupsd_makes_no_job_print_twice(
    server: Server, leave_behind: Callable[[CupsServer], None]
):
    server.start()
    backend = server.lab.backend
    for name in NAMES:
        backend.disable(name)
    papers = [paper(1 + n % 3, NAMES[n % 4]) for n in range(8)]
    sent = server.send(*papers)
    until(lambda: all(server.job(each).stage is Stage.RELEASED for each in papers))
    leave_behind(backend)
    backend.start(as_left=True)
    backend.wait()
    doctor_is_content(server, "cups-jobs")
    leave_behind(backend)
    start(backend)
    doctor_is_content(server)
    for name in NAMES:
        backend.enable(name)
    closing_audit(server, sent)


def forget_everything(lab: Lab) -> None:
    """Kill cupsd and take away what it knows of jobs, as its default settings would after a cut."""
    lab.backend.kill()
    for folder in ("spool", "cache"):
        for path in (lab.backend.folder / folder).iterdir():
            if path.is_file() and (path.name[0] in "cd" or path.name.startswith("job.cache")):
                path.unlink()
    shutil.rmtree(lab.backend.folder / "cache" / "rss", ignore_errors=True)
    start(lab.backend)


def test_hanging(server: Server):
    server.start()
    lab = server.lab
    lab.backend.pause()
    try:
        started = time.monotonic()
        papers = [paper(1, each, 400_000) for each in NAMES]
        sent = server.send(*papers)
        assert sent.acknowledged
        assert len(sent.acknowledged) == len(papers)
        assert time.monotonic() - started < 10, "accepting jobs must not wait for CUPS"
        # Pages go on, all the while that every task and round waits for CUPS.
        slowest = 0.0
        while time.monotonic() - started < 12:
            slowest = max(slowest, seconds_for_a_page(server))
            time.sleep(0.5)
        assert slowest < 2
        until(
            lambda: all(
                server.job(each).state_reasons == ("connecting-to-device",) for each in papers
            ),
            TIME_LIMIT_SECONDS,
        )
        assert time.monotonic() - started < TIME_LIMIT_SECONDS + 5
    finally:
        lab.backend.resume()
    closing_audit(server, sent)


def seconds_for_a_page(server: Server) -> float:
    started = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/sign-in")
    assert connection.getresponse().read()
    connection.close()
    return time.monotonic() - started


def test_a_queue_that_one_bad_job_would_stop_is_found(running: Server):
    backend = running.lab.backend
    backend.run("lpadmin", "-p", "office-b", "-o", "printer-error-policy=stop-printer")
    try:
        found = [
            each
            for each in doctor.examine(running.settings, strict=True)
            if each.bad and each.check == "cups-settings"
        ]
    finally:
        backend.run("lpadmin", "-p", "office-b", "-o", "printer-error-policy=retry-job")
    (finding,) = found
    assert str(finding.mend) == "Run: lpadmin -p office-b -o printer-error-policy=retry-job"
    assert finding.cause


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("DirtyCleanInterval 30", ["DirtyCleanInterval is 30 in cupsd.conf."]),
        ("MaxJobs 100", ["MaxJobs is 100 in cupsd.conf."]),
        ("SyncOnClose Yes", ["SyncOnClose stands in cupsd.conf."]),
        ("<Location />\nErrorPolicy stop-printer\n</Location>", []),
    ],
)
def test_settings_that_lose_jobs_are_found(line: str, wrong: list[str]):
    said = "\n".join(f"{name} {value}" for name, value in SETTINGS.items())
    assert [str(each.what) for each in conf_findings(parse_conf(f"{said}\n{line}"))] == wrong


def with_systemd(root: Path) -> None:
    """Make a folder look like a machine that starts cupsd by systemd."""
    for needed in ("run/systemd/system", "usr/sbin", "etc/cups"):
        (root / needed).mkdir(parents=True)
    (root / "usr/sbin/cupsd").touch()


def test_settings_of_files_that_lose_jobs_are_found(tmp_path: Path):
    def found() -> list[str]:
        return [str(each.what) for each in files_findings(tmp_path)]

    assert found() == []
    with_systemd(tmp_path)
    assert found() == ["Not checked: cups-files.conf can't be read."]
    conf = tmp_path / "etc/cups/cups-files.conf"
    for said, wrong in (
        ("#SyncOnClose Yes\n", ["SyncOnClose is not set in cups-files.conf."]),
        ("SyncOnClose No\n", ["SyncOnClose is No in cups-files.conf."]),
        ("SyncOnClose Yes\n", []),
    ):
        conf.write_text(said)
        assert found() == wrong


def test_a_unit_that_keeps_what_was_left_is_found(tmp_path: Path):
    def found() -> list[str]:
        return [each.check for each in unit_findings(tmp_path)]

    shipped = Path(__file__).parents[2] / "deploy/systemd/cups.service.d/printgate.conf"
    drop_ins = tmp_path / "etc/systemd/system/cups.service.d"
    drop_ins.mkdir(parents=True)
    assert found() == []
    with_systemd(tmp_path)
    (drop_ins / "other.conf").write_text("[Service]\nNice=5\n")
    assert found() == ["cups-settings"]
    shutil.copy(shipped, drop_ins)
    assert found() == []
