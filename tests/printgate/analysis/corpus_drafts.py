"""Papers of an office that are drafts: (what, lines, marker, place)."""

from tests.printgate.analysis.sheets import (
    ADDRESSED,
    ARTICLES,
    BODY,
    RED_HEAD,
    across,
    centre,
    footer,
    header,
    huge,
    left,
    right,
    sheet,
    title,
)

_LAW = "机关节约用纸管理办法"
_NUMBER = "×人办发〔2026〕12号"

DRAFTS = [
    (
        "in brackets under the title",
        sheet(title(_LAW), centre("（讨论稿）"), *ARTICLES),
        "讨论稿",
        "line",
    ),
    (
        "bare under the title",
        sheet(title(_LAW), centre("征求意见稿"), *ARTICLES),
        "征求意见稿",
        "line",
    ),
    ("as large as the title", sheet(title(_LAW), title("（送审稿）"), *ARTICLES), "送审稿", "line"),
    ("spaced out", sheet(title(_LAW), centre("讨　论　稿"), *ARTICLES), "讨论稿", "line"),
    ("spaced out wide", sheet(title(_LAW), centre("讨|论|稿"), *ARTICLES), "讨论稿", "line"),
    (
        "with radicals",
        sheet(title(_LAW), centre("（征求意⻅稿）"), *ARTICLES),
        "征求意见稿",
        "line",
    ),
    ("with a Kangxi radical", sheet(title(_LAW), centre("（⼆稿）"), *ARTICLES), "二稿", "line"),
    (
        "with brackets that a converter lost",
        sheet(title(_LAW), centre("ÿ征求意⻅稿Ā"), *ARTICLES),
        "征求意见稿",
        "line",
    ),
    (
        "with lost brackets in the title",
        sheet(title(f"{_LAW}ÿ征求意⻅稿Ā"), *ARTICLES),
        "征求意见稿",
        "title",
    ),
    (
        "in traditional characters",
        sheet(title(_LAW), centre("（討論稿）"), *ARTICLES),
        "讨论稿",
        "line",
    ),
    (
        "with its date",
        sheet(title(_LAW), centre("（讨论稿，2026年11月20日）"), *ARTICLES),
        "讨论稿",
        "line",
    ),
    (
        "with a date in words",
        sheet(title(_LAW), centre("（二〇二六年十一月二十日讨论稿）"), *ARTICLES),
        "讨论稿",
        "line",
    ),
    ("of a meeting", sheet(title(_LAW), centre("（第二次讨论稿）"), *ARTICLES), "讨论稿", "line"),
    ("a second one", sheet(title(_LAW), centre("（修改二稿）"), *ARTICLES), "修改二稿", "line"),
    ("a third one", sheet(title(_LAW), centre("（第三稿）"), *ARTICLES), "第三稿", "line"),
    (
        "a numbered one",
        sheet(title(_LAW), centre("（征求意见稿第2稿）"), *ARTICLES),
        "征求意见稿",
        "line",
    ),
    (
        "of a statute",
        sheet(title("×市节约用水条例"), centre("（草案修改二稿征求意见稿）"), *ARTICLES),
        "草案",
        "line",
    ),
    (
        "a statute for the second reading",
        sheet(title("×市节约用水条例（草案修改稿）"), *ARTICLES),
        "修改稿",
        "title",
    ),
    (
        "at the right above the title",
        sheet(right("讨论稿"), title(_LAW), *ARTICLES),
        "讨论稿",
        "line",
    ),
    (
        "at the left above the title",
        sheet(left("送审稿"), title(_LAW), *ARTICLES),
        "送审稿",
        "line",
    ),
    (
        "above, with what goes with it",
        sheet(left("会议材料|讨论稿"), title(_LAW), *ARTICLES),
        "讨论稿",
        "line",
    ),
    ("with a label", sheet(right("版本：送审稿"), title(_LAW), *ARTICLES), "送审稿", "line"),
    (
        "closing the title in brackets",
        sheet(title(f"{_LAW}（讨论稿）"), *ARTICLES),
        "讨论稿",
        "title",
    ),
    (
        "closing the title bare",
        sheet(title("市人大常委会2027年工作要点讨论稿"), *ARTICLES),
        "讨论稿",
        "title",
    ),
    ("in square brackets", sheet(title(f"{_LAW}【初稿】"), *ARTICLES), "初稿", "title"),
    (
        "with a version after it",
        sheet(title(f"{_LAW}（讨论稿）第二版"), *ARTICLES),
        "讨论稿",
        "title",
    ),
    (
        "a title of two lines",
        sheet(title("关于进一步加强机关节约用纸工作的意见"), title("（征求意见稿）"), *BODY),
        "征求意见稿",
        "line",
    ),
    (
        "a marker broken by the line",
        sheet(title("关于进一步加强机关节约用纸工作的意见（征求"), title("意见稿）"), *BODY),
        "征求意见稿",
        "title",
    ),
    (
        "a title no larger than the text",
        sheet(centre(f"{_LAW}（代拟稿）"), *ARTICLES),
        "代拟稿",
        "title",
    ),
    ("a title in 《》", sheet(title(f"《{_LAW}（未定稿）》"), *ARTICLES), "未定稿", "title"),
    (
        "of a report about another matter",
        sheet(title("关于检查节约用水条例实施情况的报告（送审稿）"), *BODY),
        "送审稿",
        "title",
    ),
    (
        "of a notice without a number",
        sheet(title("关于召开第三十次会议的通知"), centre("（代拟稿）"), ADDRESSED, *BODY),
        "代拟稿",
        "line",
    ),
    (
        "a number still blank",
        sheet(
            RED_HEAD,
            centre("×人办发〔2026〕　号"),
            title("关于会议的通知（送审稿）"),
            ADDRESSED,
            *BODY,
        ),
        "送审稿",
        "title",
    ),
    ("in the header", sheet(header("讨论稿"), title(_LAW), *ARTICLES), "讨论稿", "header"),
    (
        "in the header with what goes with it",
        sheet(header("内部资料　讨论稿　2026年11月"), title(_LAW), *ARTICLES),
        "讨论稿",
        "header",
    ),
    (
        "in a cell of the header",
        sheet(header("内部资料 注意保存|征求意见稿", "l"), title(_LAW), *ARTICLES),
        "征求意见稿",
        "header",
    ),
    (
        "in the running title",
        sheet(header(f"{_LAW}（讨论稿）"), title(_LAW), *ARTICLES),
        "讨论稿",
        "header",
    ),
    (
        "as a browser heads it",
        sheet(header(f"2026/11/23 08:20|{_LAW}（讨论稿）", "l"), title(_LAW), *ARTICLES),
        "讨论稿",
        "header",
    ),
    (
        "in the footer",
        sheet(title(_LAW), *ARTICLES, footer("讨论稿　第1页 共12页")),
        "讨论稿",
        "header",
    ),
    (
        "in the header of the second page",
        sheet(title(_LAW), *ARTICLES) + sheet(header("送审稿"), *BODY, page=1),
        "送审稿",
        "header",
    ),
    ("across the page", sheet(title(_LAW), *ARTICLES, across("讨论稿")), "讨论稿", "watermark"),
    (
        "across the page many times",
        sheet(title(_LAW), *ARTICLES, across("征求意见稿" * 6, 24)),
        "征求意见稿",
        "watermark",
    ),
    (
        "across the page with a name",
        sheet(title(_LAW), *ARTICLES, across("讨论稿 王芳 2026-11-23", 20)),
        "讨论稿",
        "watermark",
    ),
    (
        "huge and upright behind the text",
        sheet(title(_LAW), *ARTICLES, huge("讨论稿")),
        "讨论稿",
        "watermark",
    ),
    ("across a scan", sheet(across("讨论稿")), "讨论稿", "watermark"),
    (
        "on a cover",
        sheet(title(_LAW, 30), centre("（征求意见稿）", 22), centre("2026年11月", 18)),
        "征求意见稿",
        "line",
    ),
    (
        "behind a cover",
        sheet(title("第三十次会议文件", 30))
        + sheet(title(_LAW), centre("（草案）"), *ARTICLES, page=1),
        "草案",
        "line",
    ),
    (
        "behind a table of contents",
        sheet(title("目录"), left("1. 议程"), left("2. 办法"))
        + sheet(title(f"{_LAW}（草案）"), *ARTICLES, page=2),
        "草案",
        "title",
    ),
    (
        "an attachment printed by itself",
        sheet(left("附件1"), title(_LAW), centre("（征求意见稿）"), *ARTICLES),
        "征求意见稿",
        "line",
    ),
    (
        "English, alone",
        sheet(
            centre("DRAFT"),
            title("Rules for the Use of Paper"),
            left("It is printed on both sides."),
        ),
        "DRAFT",
        "line",
    ),
    (
        "English, for comments",
        sheet(
            centre("Draft for comments"),
            title("Rules for the Use of Paper"),
            left("It is printed on both sides."),
        ),
        "DRAFT",
        "line",
    ),
    (
        "English, in the title",
        sheet(title("Rules for the Use of Paper (Draft)"), left("It is printed on both sides.")),
        "DRAFT",
        "title",
    ),
    (
        "English, in the header",
        sheet(
            header("DRAFT v2 - 2026-11-23 - not for distribution"),
            title("Rules"),
            left("Print on both sides."),
        ),
        "DRAFT",
        "header",
    ),
    (
        "English, across the page",
        sheet(title("Rules"), left("It is printed on both sides."), across("DRAFT")),
        "DRAFT",
        "watermark",
    ),
    (
        "English, a working draft",
        sheet(title("Rules"), centre("Working Draft 3"), left("Print on both sides.")),
        "DRAFT",
        "line",
    ),
]
"""Papers that say of themselves that they are drafts; none is final, none is secret."""

STILL_DRAFTS = [
    (
        "numbered, and on a line of its own",
        sheet(
            RED_HEAD,
            centre(_NUMBER),
            title("关于会议的通知"),
            centre("（送审稿）"),
            ADDRESSED,
            *BODY,
        ),
        "送审稿",
        "line",
    ),
    (
        "numbered, and across the page",
        sheet(
            RED_HEAD, centre(_NUMBER), title("关于会议的通知"), ADDRESSED, *BODY, across("讨论稿")
        ),
        "讨论稿",
        "watermark",
    ),
    (
        "numbered, and in the header",
        sheet(
            header("征求意见稿"),
            RED_HEAD,
            centre(_NUMBER),
            title("关于会议的通知"),
            ADDRESSED,
            *BODY,
        ),
        "征求意见稿",
        "header",
    ),
]
"""Papers with a 发文字号 that are drafts all the same."""
