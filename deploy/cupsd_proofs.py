"""What `doctor --strict` proves of the cupsd behind the gateway: that it keeps jobs, each once.

It is asked past pycups, which shows neither its configuration nor two jobs of one number.
"""

import http.client
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from core.checkups import Finding
from core.db import Database
from core.settings import Settings
from core.text import Scalar, Text, counted
from printgate.backend.cups import CupsBackend
from printgate.errors import BackendUnavailable
from printgate.ipp.decode import decode_bytes
from printgate.ipp.encode import encode
from printgate.ipp.tags import GroupTag, Operation
from printgate.ipp.values import Group, Message, charset, keyword, language, uri

_ASK_SECONDS = 10.0
_SHOWN_MAX = 10
_DROP_IN = "deploy/systemd/cups.service.d/printgate.conf"
_BEFORE_START = "cupsd-before-start"
_GET_JOBS = encode(
    Message(
        (2, 0),
        Operation.GET_JOBS,
        1,
        (
            Group(
                GroupTag.OPERATION,
                (
                    charset("attributes-charset", "utf-8"),
                    language("attributes-natural-language", "en"),
                    uri("printer-uri", "ipp://localhost/"),
                    keyword("which-jobs", "not-completed"),
                    keyword("requested-attributes", "job-id"),
                ),
            ),
        ),
    )
)

CUPS_SETTINGS = {
    "DirtyCleanInterval": ("0", Text("Jobs accepted in the last half minute die with cupsd.")),
    "PreserveJobHistory": ("yes", Text("Nobody can tell what became of a job.")),
    "PreserveJobFiles": ("no", Text("Printed papers stay on the disk for a day.")),
    "ErrorPolicy": ("retry-job", Text("One bad job stops a new queue.")),
}
"""What cupsd.conf must say, and what happens otherwise."""
FILES_SETTINGS = {"SyncOnClose": ("yes", Text("A power cut may leave an empty job file."))}
"""What cups-files.conf must say. cupsd does not start when it stands in cupsd.conf."""
_CONF, _FILES = "cupsd.conf", "cups-files.conf"
CUPS_JOBS_MIN = 500


def settings_keep_jobs(settings: Settings, _database: Database) -> Iterator[Finding]:
    """Prove that cupsd and its queues are set so that accepted jobs are kept."""
    with CupsBackend(settings.printing_url) as backend:
        try:
            queues = backend.queues()
        except BackendUnavailable:
            return  # said by the check of CUPS
    for queue in queues:
        if queue.error_policy != "retry-job":
            yield Finding(
                "cups-settings",
                True,
                Text(
                    "On an error the queue {queue} does: {policy}",
                    {"queue": queue.name, "policy": queue.error_policy or "?"},
                ),
                Text(
                    "Run: {command}",
                    {"command": f"lpadmin -p {queue.name} -o printer-error-policy=retry-job"},
                ),
                Text("One bad job stops it, or is lost."),
            )
    yield from unit_findings(Path("/"))
    yield from files_findings(Path("/"))
    conf = _cupsd_conf(settings.printing_url)
    if conf is None:
        what = Text("Not checked: {file} is not shown by cupsd.", {"file": _CONF})
        yield Finding("cups-settings", False, what)
    else:
        what = Text("With its {file}, cupsd keeps the jobs it has accepted.", {"file": _CONF})
        yield from list(conf_findings(conf)) or [Finding("cups-settings", False, what)]


def conf_findings(conf: dict[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with the settings of a cupsd.conf."""
    yield from _differing(_CONF, conf, CUPS_SETTINGS)
    jobs = conf.get("maxjobs", "500")
    if jobs.isdigit() and 0 < int(jobs) < CUPS_JOBS_MIN:
        otherwise = Text("Jobs are turned away.")
        yield _set_otherwise(_CONF, "MaxJobs", jobs, str(CUPS_JOBS_MIN), otherwise)
    for name in FILES_SETTINGS:
        if name.lower() in conf:
            yield Finding(
                "cups-settings",
                True,
                Text("{name} stands in {file}.", {"name": name, "file": _CONF}),
                Text("Move it to {file}.", {"file": _FILES}),
                Text("Newer versions of cupsd do not start with it."),
            )


def files_findings(root: Path) -> Iterator[Finding]:
    """Yield what is wrong with cups-files.conf, where systemd starts cupsd on this machine."""
    if not _systemd_starts_cupsd(root):
        return
    try:
        said = (root / "etc/cups" / _FILES).read_text("utf-8", "replace")
    except OSError:
        what = Text("Not checked: {file} can't be read.", {"file": _FILES})
        yield Finding("cups-settings", False, what)
        return
    yield from _differing(_FILES, parse_conf(said), FILES_SETTINGS)


def _differing(
    file: str, conf: dict[str, str], wanted: dict[str, tuple[str, Text]]
) -> Iterator[Finding]:
    for name, (value, otherwise) in wanted.items():
        said = conf.get(name.lower(), "")
        if said.lower() != value:
            yield _set_otherwise(file, name, said, value, otherwise)


def _systemd_starts_cupsd(root: Path) -> bool:
    return (root / "run/systemd/system/").is_dir() and (root / "usr/sbin/cupsd").exists()


def unit_findings(root: Path) -> Iterator[Finding]:
    """Yield what is wrong with the unit of cupsd, where systemd starts it on this machine."""
    if not _systemd_starts_cupsd(root):
        return
    drop_ins = (root / "etc/systemd/system/cups.service.d").glob("*.conf")
    if any(_BEFORE_START in each.read_text("utf-8", "replace") for each in drop_ins):
        return
    what = Text("cupsd starts on what one that was killed left half done.")
    mend = Text("Install {file}, and start cupsd again.", {"file": _DROP_IN})
    otherwise = Text("After a crash or a power cut it may print waiting jobs twice.")
    yield Finding("cups-settings", True, what, mend, otherwise)


def _set_otherwise(file: str, name: str, said: str, wanted: str, otherwise: Text) -> Finding:
    where: dict[str, Scalar | Text] = {"name": name, "file": file}
    what = (
        Text("{name} is {said} in {file}.", where | {"said": said})
        if said
        else Text("{name} is not set in {file}.", where)
    )
    mend = Text("Set it in {file}: {line}", {"file": file, "line": f"{name} {wanted}"})
    return Finding("cups-settings", True, what, mend, otherwise)


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_ASK_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_ASK_SECONDS)
        self.sock.connect(self._path)


def _asked(url: str, method: str, path: str, body: bytes | None = None) -> bytes | None:
    """Return what cupsd answers, or None if it does not or does not want to."""
    parts = urlsplit(url)
    connection = (
        http.client.HTTPConnection(parts.hostname, parts.port or 631, timeout=_ASK_SECONDS)
        if parts.hostname
        else _SocketConnection(parts.path)
    )
    try:
        headers = {"Connection": "close", "Content-Type": "application/ipp"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.read() if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _cupsd_conf(url: str) -> dict[str, str] | None:
    """Return what cupsd.conf says outside its sections, names in lower case; None if not shown."""
    octets = _asked(url, "GET", "/admin/conf/cupsd.conf")
    return None if octets is None else parse_conf(octets.decode("utf-8", "replace"))


def parse_conf(lines: str) -> dict[str, str]:
    """Return the settings of a cupsd.conf that stand outside sections, names in lower case."""
    found, depth = {}, 0
    for raw in lines.splitlines():
        line = raw.split("#", 1)[0].strip()
        if line.startswith("<"):
            depth += -1 if line.startswith("</") else 1
        elif line and depth == 0:
            name, _, value = line.partition(" ")
            found[name.lower()] = value.strip()
    return found


def jobs_are_there_once(settings: Settings, _database: Database) -> Iterator[Finding]:
    """Prove that cupsd has no job twice, as one does that read its jobs twice after a kill.

    Asked with our own codec: pycups keeps jobs by their numbers, and would show one of the two.
    """
    octets = _asked(settings.printing_url, "POST", "/", _GET_JOBS)
    if octets is None:
        return  # said by the check of CUPS
    jobs = decode_bytes(octets)[0].groups_of(GroupTag.JOB)
    numbers = Counter(each.first.content for job in jobs for each in job if each.name == "job-id")
    twice = sorted(str(number) for number, times in numbers.items() if times > 1)
    if not twice:
        what = counted(
            "cupsd has {n} waiting job, once.",
            "cupsd has {n} waiting jobs, each once.",
            len(numbers),
        )
        yield Finding("cups-jobs", False, what)
        return
    yield Finding(
        "cups-jobs",
        True,
        Text(
            "cupsd has jobs twice, and may print them twice: {numbers}",
            {"numbers": ", ".join(twice[:_SHOWN_MAX])},
        ),
        Text(
            "Install {file}, and start cupsd again.",
            {"file": _DROP_IN},
        ),
        Text("cupsd was killed, and read its jobs from its cache and from their files."),
    )
