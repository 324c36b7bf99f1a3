"""Files that are kept: each named by the SHA-256 of its content, written once, never changed.

Writing goes to a temporary name, is flushed to the disk and renamed, so a file that has its final
name is whole. What the file was called by its sender never reaches the disk.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from core.ids import new_uuid


class Blobs(Protocol):
    """A store of immutable files."""

    def put_file(self, source: Path) -> str:
        """Keep a copy of `source` and return its digest (64 hexadecimal digits)."""
        ...

    def path(self, digest: str) -> Path:
        """Return a local path to read the file from; FileNotFoundError if it is not kept."""
        ...

    def delete(self, digest: str) -> None:
        """Forget a file; forgetting one that is not kept is fine."""
        ...


class FileBlobs:
    """Blobs in a folder, two levels deep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_file(self, source: Path) -> str:
        """Keep a copy of `source` and return its digest (64 hexadecimal digits)."""
        temporary = self._folder / f"{new_uuid()}.part"
        try:
            with source.open("rb") as reader, temporary.open("xb") as writer:
                shutil.copyfileobj(reader, writer)
                writer.flush()
                os.fsync(writer.fileno())
            with temporary.open("rb") as written:
                digest = hashlib.file_digest(written, "sha256").hexdigest()
            target = self._place(digest)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.rename(target)
            sync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
        return digest

    def path(self, digest: str) -> Path:
        """Return a local path to read the file from; FileNotFoundError if it is not kept."""
        place = self._place(digest)
        if not place.is_file():
            raise FileNotFoundError(f"no blob {digest}")
        return place

    def delete(self, digest: str) -> None:
        """Forget a file; forgetting one that is not kept is fine."""
        self._place(digest).unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError("not a digest")
        return self._folder / digest[:2] / digest


def blobs_for(url: str) -> Blobs:
    """Pick the store by the URL's scheme (`file:PATH`); ValueError for one that is not known."""
    parts = urlsplit(url)
    if parts.scheme != "file" or not parts.path:
        raise ValueError("blobs_url must be file:PATH")
    return FileBlobs(Path(parts.path))


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
