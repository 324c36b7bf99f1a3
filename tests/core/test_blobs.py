import hashlib
from pathlib import Path

import pytest

from core.blobs import blobs_for


def test_a_file_is_kept_once_under_its_digest(tmp_path: Path):
    blobs = blobs_for(f"file:{tmp_path / 'blobs'}")
    source = tmp_path / "source"
    source.write_bytes(b"paper" * 1000)
    digest = blobs.put_file(source)
    assert digest == hashlib.sha256(source.read_bytes()).hexdigest()
    assert blobs.put_file(source) == digest
    assert blobs.path(digest).read_bytes() == source.read_bytes()
    assert [path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [digest]
    blobs.delete(digest)
    blobs.delete(digest)
    with pytest.raises(FileNotFoundError):
        blobs.path(digest)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "0" * 63 + "/"])
def test_a_name_that_is_no_digest_never_reaches_the_disk(tmp_path: Path, digest: str):
    with pytest.raises(ValueError, match="not a digest"):
        blobs_for(f"file:{tmp_path}").path(digest)


@pytest.mark.parametrize("url", ["s3://x", "", "file:"])
def test_other_stores_are_refused(url: str):
    with pytest.raises(ValueError, match="blobs_url"):
        blobs_for(url)
