from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.sandbox import Sandbox
from printgate import analysis
from printgate.analysis import Analyser, DocumentFacts
from tests.printgate.analysis import papers

Analyse = Callable[..., DocumentFacts]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(analysis.SANDBOXED) as opened:
        yield opened


@pytest.fixture
def analyse(sandbox: Sandbox, tmp_path: Path) -> Analyse:
    """Analyse octets or a file as the gateway does."""

    def run(
        document: bytes | Path, declared: str = "", *, name: str = "paper", seconds: float = 20.0
    ) -> DocumentFacts:
        source = document if isinstance(document, Path) else tmp_path / "job.doc"
        if isinstance(document, bytes):
            source.write_bytes(document)
        return Analyser(sandbox).analyse(
            source, tmp_path / "job.out", declared, job_name=name, timeout_seconds=seconds
        )

    return run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """Make the papers with every program; by (program, paper)."""
    folder = tmp_path_factory.mktemp("papers")
    folders = {name: folder / name for name in ("sources", "office", "browser", "distilled")}
    for each in folders.values():
        each.mkdir()
    papers.write_sources(folders["sources"])
    papers.by_libreoffice(folders["sources"], folders["office"])
    found: dict[tuple[str, str], Path] = {}
    for name in (*papers.PAPERS, "watermark"):
        found["LibreOffice", name] = folders["office"] / f"{name}.pdf"
        found["Chromium", name] = browser = folders["browser"] / f"{name}.pdf"
        papers.by_chromium(folders["sources"] / f"{name}.html", browser)
        for program in ("LibreOffice", "Chromium"):
            distilled = folders["distilled"] / f"{program}-{name}.pdf"
            papers.by_ghostscript(found[program, name], distilled)
            found[f"ghostscript after {program}", name] = distilled
    return found
