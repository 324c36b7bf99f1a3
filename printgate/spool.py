"""The spool: documents on their way to paper.

A document is streamed to a temporary file, counted, hashed, flushed to the disk and renamed; only
a whole document ever has its final name. Names are ours (the job's UUID), never the sender's.
"""

import hashlib
import io
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.blobs import sync_folder
from core.errors import InvalidInput, PrintgateError
from core.text import Text

CHUNK_OCTETS = 256 * 1024


class DocumentTooLarge(PrintgateError):
    """The document is larger than the setting `document_octets_max`."""

    code = "document-too-large"
    http_status = 413


class DocumentCutShort(InvalidInput):
    """Fewer octets arrived than were announced; there is no job."""

    code = "document-cut-short"


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
        try:
            octets, digest = self._copy(read, temporary)
            if expected is not None and octets != expected:
                raise DocumentCutShort(
                    Text(
                        "The document was cut short: {got} of {expected} octets arrived.",
                        {"got": octets, "expected": expected},
                    )
                )
            path = self.source(uuid)
            temporary.rename(path)
            sync_folder(self._folder)
        finally:
            temporary.unlink(missing_ok=True)
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
            writer.flush()
            os.fsync(writer.fileno())
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
        with temporary.open("wb") as writer:
            shutil.copyfileobj(source, writer)
            writer.flush()
            os.fsync(writer.fileno())
        temporary.rename(target)
        sync_folder(self._folder)

    def source(self, uuid: str) -> Path:
        """Return where the document of a job is, as it came."""
        return self._folder / f"{uuid}.doc"

    def output(self, uuid: str) -> Path:
        """Return where the rewritten document of a job is: what is printed."""
        return self._folder / f"{uuid}.out"

    def discard(self, uuid: str) -> None:
        """Remove everything of a job; removing it twice is fine."""
        for path in self._folder.glob(f"{uuid}.*"):
            path.unlink(missing_ok=True)

    def uuids(self) -> set[str]:
        """Return the jobs that have something in the spool."""
        return {path.name.partition(".")[0] for path in self._folder.iterdir()}
