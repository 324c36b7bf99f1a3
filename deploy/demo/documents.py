"""The demo's papers: written in Chinese and made into PDF by LibreOffice or Chromium."""

import html
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.seed import SeedDocument

_SECONDS = 120
_PARAGRAPH = "各单位要切实提高认识，落实责任，厉行节约，反对浪费，把过紧日子的要求落到实处。" * 4


@dataclass(frozen=True)
class Paper:
    """A paper: its title, a line under it, and the paragraphs of each page."""

    name: str
    title: str
    under: str
    pages: tuple[tuple[str, ...], ...]


NOTICE = Paper(
    "notice",
    "关于召开市人大常委会第三十次会议的通知",
    "×人办发〔2026〕12号",
    (
        ("各区人大常委会：", "经主任会议研究，决定召开第三十次会议。", _PARAGRAPH),
        ("一、上次会议印发的讨论稿已经修改完毕，不再另行印发讨论稿。", _PARAGRAPH),
        ("二、请于会前三日报送参会人员名单。", _PARAGRAPH),
    ),
)
DRAFT = Paper(
    "draft",
    "机关节约用纸管理办法",
    "（征求意见稿）",
    (("第一条 为了厉行节约，制定本办法。", _PARAGRAPH), ("第二条 文件一律双面印制。", _PARAGRAPH)),
)
LARGE = Paper(
    "large",
    "年度预算执行情况汇编",
    "×财经〔2026〕8号",
    tuple((f"第{n}部分", _PARAGRAPH) for n in range(1, 15)),
)
SMALL = Paper("small", "会议签到表", "×财经〔2026〕9号", (("请签到。",),))

MINUTES = Paper(
    "minutes",
    "关于进一步精简会议和文件的若干措施",
    "（讨论稿）",
    (
        ("一、能合并召开的会议合并召开。", _PARAGRAPH),
        ("二、能电子流转的文件不印纸质。", _PARAGRAPH),
    ),
)
PLAN = Paper(
    "plan",
    "市人大常委会机关年度工作要点",
    "（送审稿）",
    (
        ("一、依法开展监督工作。", _PARAGRAPH),
        ("二、加强代表工作。", _PARAGRAPH),
        ("三、加强自身建设。", _PARAGRAPH),
    ),
)

PAPERS = (NOTICE, DRAFT, LARGE, SMALL, MINUTES, PLAN)


def circulating(papers: dict[str, Path]) -> list[SeedDocument]:
    """Return the documents that circulate already when the demo begins."""
    return [
        SeedDocument(
            MINUTES.title + MINUTES.under,
            papers[MINUTES.name],
            owner="lijianguo",
            readers=("wangfang", "zhangwei", "zhaomin"),
            opinions=(
                ("wangfang", "同意。建议补充视频会议的适用范围。"),
                ("zhaomin", "第二条请与法制工作委员会会签。"),
            ),
        ),
        SeedDocument(
            PLAN.title + PLAN.under,
            papers[PLAN.name],
            owner="wangfang",
            readers=("lijianguo", "zhenghao"),
        ),
    ]


def make_papers(folder: Path) -> dict[str, Path]:
    """Write all papers and return the PDF of each by name; RuntimeError if no program can."""
    folder.mkdir(parents=True, exist_ok=True)
    for paper in PAPERS:
        (folder / f"{paper.name}.html").write_text(_html(paper), encoding="utf-8")
    if shutil.which("soffice"):
        _by_libreoffice(folder)
    elif chromium := shutil.which("chromium"):
        for paper in PAPERS:
            _by_chromium(chromium, folder / f"{paper.name}.html")
    made = {paper.name: folder / f"{paper.name}.pdf" for paper in PAPERS}
    missing = [name for name, path in made.items() if not path.exists()]
    if missing:
        raise RuntimeError(f"no program here makes PDF: {missing}; LibreOffice or Chromium does")
    return made


def _html(paper: Paper) -> str:
    pages = []
    for number, page in enumerate(paper.pages):
        broken = ' style="page-break-before:always"' if number else ""
        first, *rest = (html.escape(paragraph) for paragraph in page)
        pages.append(f"<p{broken}>{first}</p>" + "".join(f"<p>{each}</p>" for each in rest))
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        f"<title>{html.escape(paper.title)}</title></head>"
        "<body style=\"font-family:'Noto Serif CJK SC'\">"
        f'<h1 style="text-align:center">{html.escape(paper.title)}</h1>'
        f'<p style="text-align:center">{html.escape(paper.under)}</p>{"".join(pages)}</body></html>'
    )


def _by_libreoffice(folder: Path) -> None:
    _run(
        folder,
        "soffice",
        "--headless",
        f"-env:UserInstallation=file://{folder.absolute() / 'profile'}",
        "--infilter=HTML (StarWriter)",
        "--convert-to",
        "pdf:writer_pdf_Export",
        *(f"{paper.name}.html" for paper in PAPERS),
    )


def _by_chromium(program: str, source: Path) -> None:
    _run(
        source.parent,
        program,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-pdf-header-footer",
        f"--user-data-dir={source.parent.absolute() / 'profile'}",
        f"--print-to-pdf={source.with_suffix('.pdf').name}",
        source.name,
    )


def _run(folder: Path, *arguments: str) -> None:
    subprocess.run(  # noqa: S603  # programs of the demo's own choosing
        list(arguments),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
