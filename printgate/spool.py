"""The spool: documents on their way to paper.

A document is streamed to a temporary file, counted, hashed, flushed to the disk and renamed; only
a whole document ever has its final name. Names are ours (the job's UUID), never the sender's.
"""

import contextlib
import hashlib
import io
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from core.blobs import sync_folder
from core.errors import InvalidInput, PrintgateError, Unavailable
from core.failpoints import reached
from core.text import Text, counted

log = logging.getLogger(__name__)

CHUNK_OCTETS = 256 * 1024
FREE_OCTETS_MIN = 1024 * 1024
"""With less room than this the spool counts as full."""


class DocumentTooLarge(PrintgateError):
    """The document is larger than the setting `document_octets_max`."""

    code = "document-too-large"
    http_status = 413


class DocumentCutShort(InvalidInput):
    """Fewer octets arrived than were announced; there is no job."""

    code = "document-cut-short"


class SpoolUnavailable(Unavailable):
    """The spool's disk is full, read-only or broken; nothing was kept."""

    code = "spool-unavailable"

    def __init__(self) -> None:
        super().__init__(
            Text("There is no room for documents now; nothing was printed. Please try again later.")
        )


@dataclass(frozen=True)
class Spooled:
    """A whole document in the spool."""

    path: Path
    octets: int
    digest: str


class Spool:
    """A folder with a `.doc` (as it came) and a `.out` (what is printed) for each waiting job."""

    def __init__(self, folder: Path, octets_max: int) -> None:
        self._folder, self._octets_max = folder, octets_max
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def receive(self, uuid: str, read: Callable[[int], bytes], expected: int | None) -> Spooled:
        """Stream a document in, in constant memory.

        `expected` is the number of octets that the rest of the body was announced to have, or None
        when it came chunked. Nothing is left behind when this raises.
        """
        temporary = self._folder / f"{uuid}.part"
        # A folder on a disk that became read-only can't be tidied either: the sweep does it later.
        with _storage(), _removed_at_the_end(temporary):
            octets, digest = self._copy(read, temporary)
            if expected is not None and octets != expected:
                raise DocumentCutShort(
                    counted(
                        "The document was cut short: {got} of {n} octet arrived.",
                        "The document was cut short: {got} of {n} octets arrived.",
                        expected,
                        got=octets,
                    )
                )
            path = self.source(uuid)
            temporary.rename(path)
            sync_folder(self._folder)
        return Spooled(path, octets, digest)

    def _copy(self, read: Callable[[int], bytes], target: Path) -> tuple[int, str]:
        digest, octets = hashlib.sha256(), 0
        with target.open("xb") as writer:
            while chunk := read(CHUNK_OCTETS):
                octets += len(chunk)
                if octets > self._octets_max:
                    raise DocumentTooLarge(
                        Text(
                            "The document is larger than the {most} MiB that are taken here.",
                            {"most": self._octets_max // 2**20},
                        )
                    )
                digest.update(chunk)
                writer.write(chunk)
                reached("document-half-received")
            writer.flush()
            os.fsync(writer.fileno())
        reached("document-synced")
        return octets, digest.hexdigest()

    def put_output(self, uuid: str, document: Path) -> None:
        """Put a copy of a kept PDF into the spool as what is printed for a job."""
        with document.open("rb") as source:
            self._write_output(uuid, source)

    def put_made(self, uuid: str, document: bytes) -> None:
        """Put a PDF that we made into the spool as what is printed for a job."""
        self._write_output(uuid, io.BytesIO(document))

    def _write_output(self, uuid: str, source: BinaryIO) -> None:
        target = self.output(uuid)
        temporary = target.with_suffix(".part")
        with _storage(), _removed_at_the_end(temporary):
            with temporary.open("wb") as writer:
                shutil.copyfileobj(source, writer)
                writer.flush()
                os.fsync(writer.fileno())
            temporary.rename(target)
            sync_folder(self._folder)

    def adopt(self, incoming: str, uuid: str) -> None:
        """Make what was received and written under another name a job's own."""
        with _storage():
            for place in (self.source, self.output):
                with contextlib.suppress(FileNotFoundError):
                    place(incoming).rename(place(uuid))
            sync_folder(self._folder)

    def seal_output(self, uuid: str) -> str:
        """Flush what is to be printed to the disk and return its digest (SHA-256)."""
        with _storage(), self.output(uuid).open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
            sync_folder(self._folder)
        return digest

    def source(self, uuid: str) -> Path:
        """Return where the document of a job is, as it came."""
        return self._folder / f"{uuid}.doc"

    def output(self, uuid: str) -> Path:
        """Return where the rewritten document of a job is: what is printed."""
        return self._folder / f"{uuid}.out"

    def discard_output(self, uuid: str) -> None:
        """Remove what is to be printed of a job, and keep the document as it came."""
        self.output(uuid).unlink(missing_ok=True)

    def discard(self, uuid: str) -> None:
        """Remove everything of a job; removing it twice is fine."""
        for path in self._folder.glob(f"{uuid}.*"):
            path.unlink(missing_ok=True)

    def uuids(self) -> set[str]:
        """Return the jobs that have something in the spool."""
        return {path.name.partition(".")[0] for path in self._folder.iterdir()}

    def untouched_since(self, moment: datetime) -> set[str]:
        """Return the jobs of whose files none was written to since then."""
        newest: dict[str, float] = {}
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                uuid = path.name.partition(".")[0]
                newest[uuid] = max(newest.get(uuid, 0.0), path.stat().st_mtime)
        return {uuid for uuid, written in newest.items() if written < moment.timestamp()}

    @property
    def is_full(self) -> bool:
        """Whether no ordinary document would find room, or none could be written at all."""
        disk = os.statvfs(self._folder)
        # Some file systems do not count their inodes: they say that there are 0 of 0.
        no_inodes = disk.f_files > 0 and disk.f_favail == 0
        read_only = bool(disk.f_flag & os.ST_RDONLY)
        return read_only or no_inodes or disk.f_bavail * disk.f_frsize < FREE_OCTETS_MIN


@contextlib.contextmanager
def _storage() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("the spool cannot be written: %s", error)
        raise SpoolUnavailable from error


@contextlib.contextmanager
def _removed_at_the_end(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        temporary.unlink(missing_ok=True)
