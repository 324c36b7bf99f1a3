"""Papers written in Chinese and made into PDF by the programs that an office makes them with."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 120
_TEXT = "各单位要切实提高认识，落实责任，厉行节约，反对浪费，把过紧日子的要求落到实处。" * 4
_LAW = "机关节约用纸管理办法"
_FONT = "Noto Serif CJK SC"
_BREAK = '<p style="page-break-before:always">第二条 文件一律双面印制。</p>'


@dataclass(frozen=True)
class Paper:
    """A paper as HTML, and what it is; `place` may be one of several, as programs differ."""

    body: str
    marker: str = ""
    places: tuple[str, ...] = ("",)
    final: str = ""
    secret: str = ""


def _title(words: str) -> str:
    return f'<h1 style="text-align:center">{words}</h1>'


def _centre(words: str) -> str:
    return f'<p style="text-align:center">{words}</p>'


def _text(*words: str) -> str:
    return "".join(f"<p>{each}</p>" for each in words)


_NUMBER = "×人办发〔2026〕12号"
_RULES = _text("第一条 为了厉行节约，制定本办法。", _TEXT)

PAPERS = {
    "notice": Paper(
        _title("关于召开市人大常委会第三十次会议的通知")
        + _centre(_NUMBER)
        + _text(
            "各区人大常委会：", f"经研究，决定召开第三十次会议。上次印发的讨论稿已修改。{_TEXT}"
        )
        + _BREAK
        + _text("上次会议印发的讨论稿已经修改完毕，不再另行印发讨论稿。", _TEXT)
        + _BREAK,
        final=_NUMBER,
    ),
    "letter": Paper(
        _title(f"关于征求《×市第十六届人民代表大会常务委员会{_LAW}（征求意见稿）》意见的函")
        + _text("各区人大常委会：", "现将征求意见稿印发给你们，请组织讨论，并提出意见。", _TEXT),
    ),
    "sent-round": Paper(
        _title("关于征求意见的通知")
        + _centre(_NUMBER)
        + _text("各区人大常委会：", _TEXT)
        + '<p style="page-break-before:always">附件</p>'
        + _title(_LAW)
        + _centre("（征求意见稿）")
        + _RULES,
        final=_NUMBER,
    ),
    "issued": Paper(
        _title("关于印发2027年工作要点的通知")
        + _text("各区人大常委会：", _TEXT, "×市人大常委会办公室　　　　　　2026年11月23日印发"),
        final="×市人大常委会办公室2026年11月23日印发",
    ),
    "draft": Paper(
        _title(_LAW) + _centre("（征求意见稿）") + _RULES + _BREAK,
        marker="征求意见稿",
        places=("line",),
    ),
    "titled": Paper(
        _title("关于进一步加强机关节约用纸推进无纸化办公工作的若干意见（送审稿）") + _RULES,
        marker="送审稿",
        places=("title", "line"),
    ),
    "headed": Paper(
        '<div title="header" style="position:fixed;top:0;right:0">'
        '<p style="font-size:9pt">内部资料　讨论稿　2026年11月</p></div>'
        f'<div style="margin-top:60px">{_title(_LAW)}</div>' + _RULES,
        marker="讨论稿",
        places=("header",),
    ),
    "secret": Paper(
        _text("000001", "机密★20年") + _title("关于有关情况的报告") + _text(_TEXT),
        secret="机密★20年",
    ),
    "lesson": Paper(
        _title("保守国家秘密法培训材料")
        + _text("国家秘密的密级分为绝密、机密、秘密三级。", _TEXT, "机密级事项由保密办公室管理。"),
    ),
}
"""What both programs make of HTML."""

WATERMARK = Paper("", marker="讨论稿", places=("watermark",))

_WATERMARK_HTML = (
    '<div style="position:fixed;top:40%;left:15%;font-size:80pt;color:#ccc;'
    f'transform:rotate(-45deg)">讨论稿</div>{_title(_LAW)}{_RULES}'
)
_WATERMARK_FODT = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">
<office:automatic-styles>
<style:style style:name="Behind" style:family="graphic"><style:graphic-properties
 draw:stroke="none" draw:fill="none" style:wrap="run-through" style:run-through="background"/>
</style:style>
<style:style style:name="Large" style:family="text"><style:text-properties fo:font-size="80pt"
 style:font-size-asian="80pt" fo:color="#cccccc" style:font-name-asian="{_FONT}"/></style:style>
</office:automatic-styles>
<office:body><office:text><text:h text:outline-level="1">{_LAW}</text:h>
<text:p><draw:custom-shape text:anchor-type="paragraph" draw:style-name="Behind"
 svg:width="12cm" svg:height="4cm" draw:transform="rotate (0.785398) translate (3cm 12cm)"><text:p>
<text:span text:style-name="Large">讨论稿</text:span></text:p><draw:enhanced-geometry
 svg:viewBox="0 0 21600 21600" draw:type="rectangle"
 draw:enhanced-path="M 0 0 L 21600 0 21600 21600 0 21600 0 0 Z N"/></draw:custom-shape>{_TEXT}
</text:p></office:text></office:body></office:document>
"""


def write_sources(folder: Path) -> None:
    """Write what the programs read."""
    bodies = {name: paper.body for name, paper in PAPERS.items()} | {"watermark": _WATERMARK_HTML}
    for name, body in bodies.items():
        page = (
            f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{name}</title>'
            f"</head><body style=\"font-family:'{_FONT}'\">{body}</body></html>"
        )
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / "watermark.fodt").write_text(_WATERMARK_FODT, encoding="utf-8")


def by_libreoffice(sources: Path, target: Path) -> None:
    """Print all papers of a folder with LibreOffice's Writer."""
    profile = f"-env:UserInstallation=file://{target / 'profile'}"
    convert = ("--convert-to", "pdf:writer_pdf_Export", "--outdir", str(target))
    pages = [str(sources / f"{name}.html") for name in PAPERS]
    _run("soffice", "--headless", profile, "--infilter=HTML (StarWriter)", *convert, *pages)
    _run("soffice", "--headless", profile, *convert, str(sources / "watermark.fodt"))


def by_chromium(source: Path, target: Path) -> None:
    """Print one page with Chromium, as its own headless mode does."""
    _run(
        "chromium",
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        f"--user-data-dir={target.parent / 'profile'}",
        f"--print-to-pdf={target}",
        source.as_uri(),
    )


def by_ghostscript(source: Path, target: Path) -> None:
    """Make a PDF of a PDF, as many ways to a printer do."""
    _run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", f"-sOutputFile={target}", source)


def by_ghostscript_as_raster(source: Path, target: Path, space: int, bits: int) -> None:
    """Draw a PDF as a PWG raster that asks for one side, as a print client's filters do."""
    _run(
        "gs",
        "-q",
        "-dBATCH",
        "-dNOPAUSE",
        "-sDEVICE=pwgraster",
        "-r150",
        "-dDuplex=false",
        "-dcupsColorOrder=0",
        f"-dcupsColorSpace={space}",
        f"-dcupsBitsPerColor={bits}",
        f"-sOutputFile={target}",
        source,
    )


def _run(*arguments: str | Path) -> None:
    subprocess.run(arguments, check=True, capture_output=True, timeout=_SECONDS)
