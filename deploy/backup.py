"""A backup while the service works, and the way back from it.

What cannot be made again is kept: the database (by SQLite's own online copy, one moment of it), the
documents, the key that signs forms. The spool is not: a print job that was on its way when a backup
was taken is a matter of minutes, and by the time of a restore nobody knows what came out of it. So
after a restore such jobs say so and wait for a person; nothing is printed again by itself.

The database goes first: a document is stored before the row that names it, and never changed.
"""

import hashlib
import json
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath

from sqlalchemy import text

from core.clock import SystemClock
from core.settings import Settings
from deploy.bootstrap import opened_database
from deploy.serve import sole_process
from printgate.service import restored

DATABASE, DOCUMENTS, KEY, MANIFEST = "printgate.db", "documents", "secret-key", "manifest.json"
_SQLITE = "sqlite:///"
_IDS_SKIPPED = 10_000


class CannotBackUp(Exception):
    """A backup or restore is not possible; the message says why."""


def back_up(settings: Settings, target: Path) -> int:
    """Write a backup to an empty folder, or to a file NAME.tar; return how many files it has."""
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise CannotBackUp(f"{target} is there already")
    if target.suffix != ".tar":
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _write(settings, target)
    with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
        count = _write(settings, Path(folder))
        partial = Path(folder) / "backup.tar"
        with tarfile.open(partial, "x") as archive:
            for path in sorted(Path(folder).iterdir()):
                if path != partial:
                    archive.add(path, path.name)
        partial.chmod(0o600)
        partial.rename(target)
    return count


def restore(settings: Settings, source: Path) -> int:
    """Fill an empty data folder from a backup; return how many jobs wait for a person now."""
    with sole_process(settings):
        if _database_file(settings).exists():
            raise CannotBackUp(f"{settings.data} is not empty")
        if source.is_dir():
            _read(settings, source)
        else:
            with tempfile.TemporaryDirectory() as folder:
                _unpack(source, Path(folder))
                _read(settings, Path(folder))
        return _after(settings)


def _unpack(source: Path, folder: Path) -> None:
    """Write the files of a backup below a folder, and nothing else anywhere.

    Python has a filter for that (PEP 706), which Debian 12's 3.11.2 does not know yet.
    """
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                _unpack_one(archive, member, folder)
    except (tarfile.TarError, EOFError) as error:
        raise CannotBackUp(f"{source} is damaged, or no backup: {error}") from None


def _unpack_one(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name, target = PurePosixPath(member.name), folder / member.name
    known = member.isdir() or (member.isfile() and not target.exists())
    if not known or name.is_absolute() or ".." in name.parts:
        raise CannotBackUp(f"{member.name} has no place in a backup")
    folder_of_it = target if member.isdir() else target.parent
    folder_of_it.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    if content is not None:
        with content, target.open("xb") as copy:
            shutil.copyfileobj(content, copy)


def _write(settings: Settings, folder: Path) -> int:
    with (
        closing(sqlite3.connect(_database_file(settings))) as source,
        closing(sqlite3.connect(folder / DATABASE)) as copy,
    ):
        source.backup(copy)
    _documents(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(_documents(settings), folder / DOCUMENTS, ignore=_unfinished)
    key = settings.data / KEY
    if key.exists():
        shutil.copy(key, folder / KEY)
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    digests = {str(path.relative_to(folder)): _digest(path) for path in found}
    manifest = {"taken_at": SystemClock().now().isoformat(), "sha256": digests}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return len(found)


def _read(settings: Settings, folder: Path) -> None:
    for name, digest in _digests(folder).items():
        path = folder / name
        if not path.is_file() or _digest(path) != digest:
            raise CannotBackUp(f"the backup is damaged: {name}")
    shutil.copytree(folder / DOCUMENTS, _documents(settings), dirs_exist_ok=True)
    if (folder / KEY).exists():
        shutil.copy(folder / KEY, settings.data / KEY)
        (settings.data / KEY).chmod(0o600)
    # The database last, under its name only when it is whole: a restore that was cut off is redone.
    partial = _database_file(settings).with_suffix(".part")
    shutil.copy(folder / DATABASE, partial)
    partial.rename(_database_file(settings))


def _digests(folder: Path) -> dict[str, str]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotBackUp(f"this is no backup: {MANIFEST}: {error}") from None


def _after(settings: Settings) -> int:
    with opened_database(settings) as database, database.transaction() as session:
        # What clients were told since the backup must not be the number of another job.
        session.execute(
            text("UPDATE sqlite_sequence SET seq = seq + :n WHERE name = 'jobs'"),
            {"n": _IDS_SKIPPED},
        )
        return restored.after_restore(session, now=SystemClock().now())


def _database_file(settings: Settings) -> Path:
    url = settings.opened_database_url
    if not url.startswith(_SQLITE):
        raise CannotBackUp("this is for SQLite; back PostgreSQL up with pg_dump")
    return Path(url.removeprefix(_SQLITE))


def _documents(settings: Settings) -> Path:
    return Path(settings.opened_blobs_url.removeprefix("file:"))


def _unfinished(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".part")]


def _digest(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
