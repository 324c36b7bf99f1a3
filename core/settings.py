"""Every setting with its default and its meaning, and the one reader of files and environment.

Defaults < profile < /etc/printgate/printgate.toml < PRINTGATE_* environment, where
PRINTGATE_X_FILE names a file that holds the value of x. All wrong values are named at once.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

SYSTEM_FILE = Path("/etc/printgate/printgate.toml")
PREFIX = "PRINTGATE_"


class SettingsError(Exception):
    """One or more settings are wrong; `problems` names each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def _setting(  # any type
    default: Any,  # noqa: ANN401
    meaning: str,
    choices: tuple[str, ...] = (),
    most: float = math.inf,
) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"meaning": meaning, "choices": choices, "most": most})


@dataclass(frozen=True)
class Settings:
    """How Printgate runs here; the rules of printing are in a file of their own."""

    data_dir: str = _setting("state", "folder for the database, documents and the spool")
    database_url: str = _setting(
        "", "sqlite:///FILE or postgresql+psycopg://…; empty: a SQLite file in data_dir"
    )
    blobs_url: str = _setting("", "file:FOLDER for documents; empty: in data_dir")
    spool_dir: str = _setting("", "folder for jobs on their way to paper; empty: in data_dir")
    tasks_url: str = _setting(
        "thread://",
        "thread://: background work in one process; redis://HOST:PORT/N: in workers, with hints",
    )
    printing_url: str = _setting(
        "cups:///run/cups/cups.sock",
        "the CUPS server behind the gateway: cups://SOCKET or cups://HOST:PORT",
    )
    mail_url: str = _setting("off:", "off: or smtp://HOST:PORT")
    mail_from: str = _setting("printgate@localhost", "sender address of mail")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8631, "port for pages and printing")
    public_url: str = _setting("", "address of the pages for people; empty: from host and port")
    http_threads: int = _setting(16, "requests worked on at the same time")
    slow_request_seconds: float = _setting(
        60.0, "how long a connection may be silent, and a request come in at a trickle"
    )
    task_threads: int = _setting(4, "tasks worked on at the same time")
    rules_file: str = _setting("", "TOML file of the print rules; empty: the rules that ship")
    workdays_file: str = _setting(
        "", "TOML file of holidays and worked weekends; empty: China's, as far as they ship"
    )
    unknown_person: str = _setting(
        "refuse", "what becomes of a job whose sender is unknown", ("refuse", "guest")
    )
    analysis_budget_seconds: float = _setting(2.0, "how long an answer waits for the analysis")
    analysis_limit_seconds: float = _setting(20.0, "when the analysis of a document is given up")
    analysis_workers: int = _setting(1, "documents analysed at the same time")
    document_octets_max: int = _setting(
        512 * 1024 * 1024,
        "size of the largest document taken, 1 GiB at the most: the analysis writes none larger",
        most=2**30,
    )
    multiple_operation_seconds: int = _setting(300, "how long a job may wait for its document")
    jobs_without_document_max: int = _setting(
        20, "how many jobs of one person may wait for their documents at once"
    )
    ask_expires_hours: int = _setting(24, "how long a job waits for its owner's answer")
    failpoint: str = _setting(
        "", "for tests of crashes: NAME or NAME:N, the point at which to die (the Nth time)"
    )
    hold_expires_hours: int = _setting(24, "how long a held job waits for its release")
    second_person_above: int = _setting(
        5000, "adjusting an account by more than this takes a second person, who confirms it"
    )
    log_level: str = _setting("INFO", "how much is logged", ("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = _setting("text", "how lines are written", ("text", "json"))
    metrics_token: str = _setting(
        "", "what a collector of /metrics must show (Bearer); empty: there is no /metrics"
    )

    @property
    def data(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.data_dir).absolute()

    @property
    def spool(self) -> Path:
        """The folder for jobs on their way to paper."""
        return Path(self.spool_dir).absolute() if self.spool_dir else self.data / "spool"

    @property
    def opened_database_url(self) -> str:
        """The database's address with the default filled in."""
        return self.database_url or f"sqlite:///{self.data / 'printgate.db'}"

    @property
    def opened_blobs_url(self) -> str:
        """The document store's address with the default filled in."""
        return self.blobs_url or f"file:{self.data / 'documents'}"

    @property
    def pages_url(self) -> str:
        """The address of the pages without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def load(
    profile: Path | None = None,
    system_file: Path | None = SYSTEM_FILE,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings of this machine; SettingsError names every wrong value at once."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    problems: list[str] = []
    for path in (profile, system_file):
        if path is not None and path.exists():
            values |= _from_file(path, problems)
    values |= _from_environment(environment, problems)
    checked = {name: _checked(name, value, problems) for name, value in values.items()}
    if problems:
        raise SettingsError(problems)
    return Settings(**checked)


def _from_file(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path}: {error}")
        return {}


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    names = {each.name for each in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in environment.items():
        if not key.startswith(PREFIX):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in names and name.endswith("_file") and name.removesuffix("_file") in names:
            name = name.removesuffix("_file")
            try:
                value = Path(value).read_text(encoding="utf-8").strip()
            except OSError as error:
                problems.append(f"{key}: {error}")
                continue
        values[name] = value
    return values


def _checked(name: str, value: Any, problems: list[str]) -> Any:  # noqa: ANN401  # any type
    known = {each.name: each for each in fields(Settings)}
    if name not in known:
        problems.append(f"{name}: there is no such setting")
        return None
    kind = get_type_hints(Settings)[name]
    try:
        value = kind(value)
    except (TypeError, ValueError):
        problems.append(f"{name}: {value!r} is not {kind.__name__}")
        return None
    choices = known[name].metadata["choices"]
    if choices and value not in choices:
        problems.append(f"{name}: {value!r} is none of {', '.join(choices)}")
    if kind in (int, float) and value <= 0:
        problems.append(f"{name}: {value!r} is not above zero")
    most = known[name].metadata["most"]
    if kind in (int, float) and value > most:
        problems.append(f"{name}: {value!r} is more than {most}")
    return value
