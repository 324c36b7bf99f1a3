import pytest
from hypothesis import given
from hypothesis import strategies as st

from printgate.analysis.evidence import Findings, Line, draft_in_title, findings, secrecy_in_title
from tests.printgate.analysis.corpus_drafts import DRAFTS, STILL_DRAFTS
from tests.printgate.analysis.corpus_others import FINALS, ORDINARY, SECRETS
from tests.printgate.analysis.sheets import ADDRESSED, BODY, centre, left, moved, sheet, title

CASES = [
    *((what, lines, Findings(mark, place)) for what, lines, mark, place in DRAFTS),
    *((what, lines, Findings(final_sign=sign)) for what, lines, sign in FINALS),
    *((what, lines, Findings()) for what, lines in ORDINARY),
    *((what, lines, Findings(secrecy_mark=mark)) for what, lines, mark in SECRETS),
]


@pytest.mark.parametrize(("what", "lines", "expected"), CASES, ids=[each[0] for each in CASES])
def test_what_a_paper_is(what: str, lines: list[Line], expected: Findings):
    assert findings(lines) == expected


@pytest.mark.parametrize(
    ("what", "lines", "mark", "place"),
    STILL_DRAFTS,
    ids=[each[0] for each in STILL_DRAFTS],
)
def test_a_number_does_not_outweigh_everything(what, lines, mark: str, place: str):
    found = findings(lines)
    assert (found.draft_marker, found.draft_place) == (mark, place)
    assert found.final_sign == "×人办发〔2026〕12号"


def test_a_number_outweighs_a_marker_that_only_ends_the_title():
    heading, rest = title("机关节约用纸管理办法（征求意见稿）"), (ADDRESSED, *BODY)
    assert findings(sheet(heading, *rest)).draft_place == "title"
    assert findings(sheet(centre("×人办发〔2026〕12号"), heading, *rest)).draft_marker == ""


def test_a_mark_counts_on_the_first_three_pages_only():
    marked = sheet(left("机密★20年"), *BODY)
    for page in range(3):
        assert findings(moved(marked, page)).secrecy_mark == "机密★20年"
    assert findings(moved(marked, 3)).secrecy_mark == ""


@pytest.mark.parametrize(
    ("name", "marker"),
    [
        ("机关节约用纸管理办法（讨论稿）.docx", "讨论稿"),
        ("Microsoft Word - 机关节约用纸管理办法（讨论稿）.docx", "讨论稿"),
        ("工作要点讨论稿", "讨论稿"),
        ("【征求意见稿】节约用水条例", "征求意见稿"),
        ("讨论稿-工作要点.pdf", "讨论稿"),
        ("工作要点_送审稿_20261123.pdf", "送审稿"),
        ("工作要点 讨论稿 2026年11月23日.wps", "讨论稿"),
        ("工作要点（二稿）", "二稿"),
        ("工作要点（讨论稿）v2.docx", "讨论稿"),
        ("工作要点（征求意⻅稿）", "征求意见稿"),
        ("草案", "草案"),
        ("Draft - paper rules", "DRAFT"),
        ("paper rules draft v2.docx", "DRAFT"),
        ("paper rules (draft).pdf", "DRAFT"),
        ("DRAFT_rules", "DRAFT"),
        ("关于征求《节约用水条例（征求意见稿）》意见的通知", ""),
        ("关于印发讨论稿修改意见的通知.docx", ""),
        ("节约用水条例（草案）的说明", ""),
        ("讨论稿修改情况", ""),
        ("关于审议讨论稿", ""),
        ("会议通知", ""),
        ("李建国发言稿.docx", ""),
        ("comments on the draft", ""),
        ("Drafting manual.pdf", ""),
        ("overdraft", ""),
        ("", ""),
    ],
)
def test_a_job_s_name(name: str, marker: str):
    assert draft_in_title(name) == marker


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("机密★20年 预算.docx", "机密★20年"),
        ("（秘密）情况报告.pdf", "秘密"),
        ("情况报告【机密】", "机密"),
        ("[绝密]", "绝密"),
        ("机密-预算.docx", "机密"),
        ("Microsoft Word - 秘密_预算.docx", "秘密"),
        ("機密", "机密"),
        ("保守国家秘密法培训.pptx", ""),
        ("商业秘密保护条例（草案）", ""),
        ("关于机密级计算机管理的通知", ""),
        ("秘密花园.pdf", ""),
        ("", ""),
    ],
)
def test_a_secret_in_a_job_s_name(name: str, mark: str):
    assert secrecy_in_title(name) == mark


_SHARES = st.floats(0, 1)
_WORDS = st.text("讨论稿（）《》的通知关于机密★20年〔〕号，。 draft-1", max_size=30)
_LINES = st.builds(
    lambda words, page, left, top, height, slanted: Line(
        "".join(words), page, left, left, top, height, tuple(words), slanted=slanted
    ),
    st.lists(_WORDS, min_size=1, max_size=3),
    st.integers(0, 4),
    _SHARES,
    _SHARES,
    st.floats(0.1, 200),
    st.booleans(),
)


@given(st.lists(_LINES, max_size=12))
def test_no_lines_are_too_odd(lines: list[Line]):
    found = findings(sorted(lines, key=lambda line: line.page))
    assert bool(found.draft_marker) == bool(found.draft_place)


@given(st.text(max_size=80))
def test_no_title_is_too_odd(name: str):
    assert isinstance(draft_in_title(name), str)
    assert isinstance(secrecy_in_title(name), str)
