"""The parent's side: every outcome of the sandbox becomes facts, and only facts that make sense."""

import io
import threading
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from core.sandbox import Sandbox, SandboxUnavailable
from printgate import analysis
from printgate.analysis import Analyser, DocumentFacts
from printgate.analysis.analyser import UNREADABLE
from tests.printgate.analysis import hostile
from tests.printgate.analysis.conftest import Analyse
from tests.printgate.analysis.raster import Raster, document

PDF = hostile.pages(2)
RASTER = document(Raster(64, 64).plain(b"\x80"))


def picture() -> bytes:
    octets = io.BytesIO()
    Image.new("RGB", (40, 30), (255, 0, 0)).save(octets, "JPEG")
    return octets.getvalue()


@pytest.mark.parametrize(
    ("octets", "declared", "pages"),
    [
        (PDF, "application/pdf", 2),
        (PDF, "application/octet-stream", 2),
        (PDF, "", 2),
        (b"\x00\x01noise\n" + PDF, "application/pdf", 2),
        (picture(), "image/jpeg", 1),
        (picture(), "application/octet-stream", 1),
        (RASTER, "image/pwg-raster", 1),
        (RASTER, "application/octet-stream", 1),
    ],
)
def test_formats_are_found_by_what_is_in_them(analyse: Analyse, octets, declared, pages):
    facts = analyse(octets, declared)
    assert (facts.unreadable, facts.pages) == (None, pages)
    assert facts.format in ("application/pdf", "image/jpeg", "image/pwg-raster")
    assert declared in (facts.format, "application/octet-stream", "")


@pytest.mark.parametrize(
    ("octets", "declared", "code"),
    [
        (b"", "application/pdf", "document-format-not-supported"),
        (b"just words", "", "document-format-not-supported"),
        (b"%!PS-Adobe-3.0\n", "", "document-format-not-supported"),
        (b"\x89PNG\r\n\x1a\n", "", "document-format-not-supported"),
        (b"PK\x03\x04", "application/pdf", "document-format-not-supported"),
        (PDF, "image/jpeg", "document-format-mismatch"),
        (picture(), "application/pdf", "document-format-mismatch"),
        (RASTER, "application/pdf", "document-format-mismatch"),
        (picture()[:200], "image/jpeg", "document-unreadable"),
        (RASTER[:-1], "image/pwg-raster", "document-unreadable"),
        (hostile.pages(0), "application/pdf", "document-unreadable"),
    ],
)
def test_what_is_not_taken(analyse: Analyse, octets, declared, code):
    facts = analyse(octets, declared)
    assert (facts.unreadable, facts.pages) == (code, 0)
    assert facts.unreadable_text == UNREADABLE[code]
    assert not facts.is_draft


def titled(title: str, tmp_path: Path) -> bytes:
    with pikepdf.new() as made:
        made.add_blank_page()
        made.docinfo["/Title"] = title
        made.save(tmp_path / "titled.pdf")
    return (tmp_path / "titled.pdf").read_bytes()


def test_a_job_s_name_is_evidence(analyse: Analyse):
    facts = analyse(PDF, name="工作要点（讨论稿）.docx")
    assert (facts.is_draft, facts.draft_marker, facts.draft_place) == (True, "讨论稿", "job-name")
    facts = analyse(PDF, name="关于征求《办法（征求意见稿）》意见的通知.docx")
    assert (facts.is_draft, facts.draft_place) == (False, "")
    facts = analyse(PDF, name="【机密】预算")
    assert (facts.is_marked, facts.secrecy_mark) == (True, "机密")


def test_a_document_s_own_title_may_be_secret(analyse: Analyse, tmp_path: Path):
    assert analyse(titled("机密★20年 情况报告", tmp_path)).secrecy_mark == "机密★20年"
    assert analyse(titled("（秘密）情况报告", tmp_path)).is_marked
    assert not analyse(titled("保守国家秘密法培训", tmp_path)).is_marked


def test_a_final_paper_outweighs_its_job_s_name(made, analyse: Analyse):
    facts = analyse(made["LibreOffice", "notice"], name="会议通知（讨论稿）.docx")
    assert (facts.is_draft, facts.final_sign) == (False, "×人办发〔2026〕12号")


def test_without_text_nothing_is_known(analyse: Analyse):
    facts = analyse(hostile.pages(1, content=b"0 0 9 9 re f"))
    assert facts.no_text
    assert not facts.is_draft
    assert not analyse(PDF).no_text


def test_what_takes_too_long_is_told_from_what_is_broken(analyse: Analyse):
    facts = analyse(hostile.same_page_often(10**6), seconds=0.2)
    assert (facts.unreadable, facts.timed_out) == ("document-too-complex", True)
    assert analyse(PDF).pages == 2


def test_a_document_that_nobody_has_looked_at_is_nothing_yet(tmp_path: Path):
    slow, quick = tmp_path / "slow", tmp_path / "quick"
    slow.write_bytes(hostile.object_stream_bomb())
    quick.write_bytes(PDF)
    with Sandbox(analysis.SANDBOXED) as busy:
        analyser = Analyser(busy)

        def ask(source: Path, seconds: float) -> DocumentFacts:
            return analyser.analyse(
                source, tmp_path / "out", "", job_name="", timeout_seconds=seconds
            )

        assert ask(quick, 20).pages == 2
        other = threading.Thread(target=ask, args=(slow, 30))
        other.start()
        refused: list[SandboxUnavailable] = []
        while other.is_alive() and not refused:
            try:
                ask(quick, 0.01)
            except SandboxUnavailable as error:
                refused.append(error)
        other.join()
        assert refused
        assert ask(quick, 20).pages == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"pages": 0},
        {"pages": -1},
        {"pages": 10**9},
        {"pages": True},
        {"pages": "3"},
        {"pages": 3, "unreadable": "document-encrypted"},
        {"pages": 3, "timed_out": True},
        {"pages": 3, "draft_marker": ["x"]},
        {"pages": 3, "more": 1},
        "words",
        3,
    ],
    ids=str,
)
def test_an_answer_that_makes_no_sense_is_none(answer):
    assert DocumentFacts.from_answer(answer) is None


def test_an_answer_that_makes_sense():
    assert DocumentFacts.from_answer({"pages": 3}) == DocumentFacts(pages=3)
