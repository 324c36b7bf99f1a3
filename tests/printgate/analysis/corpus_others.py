"""Papers of an office that are no drafts: final ones, ordinary ones and secret ones.

The hard ones are those that speak of a draft, or of a secret, without being one.
"""

from tests.printgate.analysis.sheets import (
    ADDRESSED,
    ARTICLES,
    BODY,
    ISSUED,
    RED_HEAD,
    SIGNED,
    across,
    centre,
    footer,
    header,
    huge,
    left,
    low,
    right,
    sheet,
    title,
)

_LAW = "机关节约用纸管理办法"
_NUMBER = "×人办发〔2026〕12号"

FINALS = [
    (
        "a notice",
        sheet(RED_HEAD, centre(_NUMBER), title("关于召开第三十次会议的通知"), ADDRESSED, *BODY),
        _NUMBER,
    ),
    (
        "a notice that mentions a draft",
        sheet(
            title("关于召开第三十次会议的通知"),
            centre(_NUMBER),
            ADDRESSED,
            left("　　上次会议印发的讨论稿已经修改完毕，不再印发讨论稿。"),
            *BODY,
        ),
        _NUMBER,
    ),
    (
        "an upward paper",
        sheet(
            RED_HEAD, left("×人办〔2026〕3号|签发人：李建国"), title("关于增加用纸的请示"), *BODY
        ),
        "×人办〔2026〕3号",
    ),
    (
        "an upward paper, unparted",
        sheet(RED_HEAD, left("×人办〔2026〕3号签发人：李建国"), title("关于增加用纸的请示"), *BODY),
        "×人办〔2026〕3号",
    ),
    (
        "a numbered copy",
        sheet(
            left("000123"), RED_HEAD, centre("×人办发[2026]12号"), title("关于会议的通知"), *BODY
        ),
        "×人办发[2026]12号",
    ),
    (
        "a letter",
        sheet(
            title("×市人民代表大会常务委员会办公室", 30),
            right("×人办函〔2026〕5号"),
            title("关于征求《节约用水条例（征求意见稿）》意见的函"),
            *BODY,
        ),
        "×人办函〔2026〕5号",
    ),
    (
        "one that sends a draft round",
        sheet(
            RED_HEAD,
            centre(_NUMBER),
            title("关于印发机关节约用纸管理办法征求意见稿"),
            title("修改意见的通知"),
            *BODY,
        ),
        _NUMBER,
    ),
    (
        "one whose title ends with a marker",
        sheet(
            RED_HEAD,
            centre(_NUMBER),
            title("关于印发《节约用水条例（草案）"),
            title("（征求意见稿）"),
            title("》的通知"),
            *BODY,
        ),
        _NUMBER,
    ),
    (
        "one with the draft behind it",
        sheet(RED_HEAD, centre(_NUMBER), title("关于征求意见的通知"), ADDRESSED, *BODY)
        + sheet(left("附件"), title(_LAW), centre("（征求意见稿）"), *ARTICLES, page=1),
        _NUMBER,
    ),
    (
        "one with the draft behind it, unnamed",
        sheet(RED_HEAD, centre(_NUMBER), title("关于征求意见的通知"), ADDRESSED, *BODY)
        + sheet(title(_LAW), centre("（征求意见稿）"), *ARTICLES, page=1),
        _NUMBER,
    ),
    (
        "one with the draft's header behind it",
        sheet(RED_HEAD, centre(_NUMBER), title("关于征求意见的通知"), ADDRESSED, *BODY)
        + sheet(header("征求意见稿"), *ARTICLES, page=1),
        _NUMBER,
    ),
    (
        "by the line that says when it was issued",
        sheet(title("关于召开第三十次会议的通知"), ADDRESSED, *BODY, *ISSUED),
        "×市人大常委会办公室2026年11月23日印发",
    ),
    (
        "issued, its title naming a draft",
        sheet(title("关于印发工作要点讨论稿"), ADDRESSED, *BODY)
        + sheet(*BODY, *SIGNED, *ISSUED, page=3),
        "×市人大常委会办公室2026年11月23日印发",
    ),
    (
        "issued, and its number beside the page's",
        sheet(title("关于召开第三十次会议的通知"), ADDRESSED, *BODY, *ISSUED, footer("— 1 —")),
        "×市人大常委会办公室2026年11月23日印发",
    ),
]
"""Papers that show themselves to be final; none is a draft, none is secret."""

ORDINARY = [
    ("nothing at all", []),
    ("a paper", sheet(title("关于召开会议的通知"), ADDRESSED, *BODY, *SIGNED)),
    (
        "a mention in a sentence",
        sheet(title("关于会议的通知"), left("　　现将讨论稿印发给你们，请研究。"), *BODY),
    ),
    (
        "a title that asks for opinions",
        sheet(title(f"关于征求《{_LAW}（征求意见稿）》"), title("意见的通知"), ADDRESSED, *BODY),
    ),
    (
        "the same, broken elsewhere",
        sheet(title(f"关于征求《{_LAW}"), title("（征求意见稿）》意见的通知"), ADDRESSED, *BODY),
    ),
    (
        "the same, broken after the marker",
        sheet(title(f"关于征求《{_LAW}（征求意见稿）"), title("》意见的通知"), ADDRESSED, *BODY),
    ),
    ("about changes to a draft", sheet(title("关于印发讨论稿修改意见的通知"), ADDRESSED, *BODY)),
    ("a report on a draft", sheet(title(f"{_LAW}（讨论稿）修改情况的报告"), *BODY)),
    ("an explanation of a bill", sheet(title("关于《×市节约用水条例（草案）》的说明"), *BODY)),
    ("the result of a reading", sheet(title("关于节约用水条例草案审议结果的报告"), *BODY)),
    (
        "a form for opinions",
        sheet(title("征求意见稿意见反馈表"), left("单位|意见|理由"), left("办公室|无|—")),
    ),
    (
        "the end of a sentence",
        sheet(
            title("会议纪要"),
            left("　　会议听取了起草情况的说明，讨论了各单位报送的"),
            left("讨论稿。"),
            *BODY,
        ),
    ),
    (
        "the end of a list's entry",
        sheet(
            title("会议通知"),
            *BODY,
            left("附件：1. 机关节约用纸管理办法实施细则及其说明（全文"),
            left("讨论稿）"),
        ),
    ),
    (
        "an entry of a list",
        sheet(
            title("会议通知"),
            *BODY,
            left("附件：1. 节约用水条例（草案）"),
            left("　　　2. 节约用纸办法（讨论稿）"),
        ),
    ),
    (
        "a heading in the text",
        sheet(
            title("起草工作的几个阶段"),
            *BODY,
            left("一、讨论稿"),
            *BODY,
            left("二、征求意见稿"),
            *BODY,
        ),
    ),
    ("a heading at the top", sheet(title("起草工作的几个阶段"), left("（一）讨论稿"), *BODY)),
    (
        "a table's column",
        sheet(
            title("稿件登记表"),
            left("序号|名称|稿别|日期"),
            left("1|节约用水条例|草案|2026年5月"),
            left("2|节约用纸办法|讨论稿|2026年6月"),
        ),
    ),
    (
        "a table of one draft",
        sheet(title("稿件登记表"), left("名称|稿别"), left("节约用纸办法|讨论稿")),
    ),
    (
        "a table that goes on",
        sheet(title("稿件登记表"), *BODY) + sheet(left("讨论稿"), left("送审稿"), *BODY, page=1),
    ),
    (
        "an agenda",
        sheet(
            title("第三十次会议议程"),
            left("一、审议《×市节约用水条例（草案）》；"),
            left("二、讨论工作要点（讨论稿）。"),
        ),
    ),
    ("to read a draft", sheet(title("关于审议讨论稿"), ADDRESSED, *BODY)),
    ("a deadline for a draft", sheet(title("关于讨论稿的征求意见截止时间"), ADDRESSED, *BODY)),
    ("a submission", sheet(title("征文投稿"), *BODY)),
    ("a speech", sheet(title("李建国同志的发言稿"), *BODY)),
    ("the last version", sheet(title(f"{_LAW}（定稿）"), *ARTICLES)),
    (
        "an attachment behind a letter",
        sheet(title("关于征求意见的函"), ADDRESSED, *BODY)
        + sheet(left("附件1"), title(_LAW), centre("（征求意见稿）"), *ARTICLES, page=1),
    ),
    ("a chart", sheet(title("起草进度"), *BODY, across("讨论稿", 9), across("征求意见稿", 9))),
    ("another header", sheet(header("关于《节约用水条例（草案）》的说明"), title("说明"), *BODY)),
    ("huge words about a draft", sheet(title(_LAW), *ARTICLES, huge("讨论稿修改"))),
    (
        "a watermark of another kind",
        sheet(title("关于会议的通知"), *BODY, across("王芳 2026-11-23", 20)),
    ),
    (
        "English, a mention",
        sheet(title("Minutes"), left("The draft was read and some changes were made to it.")),
    ),
    ("English, about a draft", sheet(title("Comments on the draft law"), left("We have read it."))),
    ("English, another word", sheet(title("Drafting Manual"), left("How a law is drafted."))),
    (
        "a number in a sentence",
        sheet(
            title("关于废止文件的通知"),
            left("　　现决定废止×人办发〔2020〕12号文件，请遵照执行。"),
            *BODY,
        ),
    ),
    (
        "numbers in a table",
        sheet(
            title("文件目录"),
            left("文号|标题"),
            left("×人办发〔2026〕11号|关于会议的通知"),
            left("×人办发〔2026〕12号|关于用纸的通知"),
        ),
    ),
    ("a number in the text", sheet(title("关于会议的通知"), *BODY, centre(_NUMBER))),
    (
        "issued, in a sentence",
        sheet(title("说明"), *BODY, low("该办法由办公室起草，于2026年11月23日印发", top=0.7)),
    ),
    (
        "the law on secrets",
        sheet(
            title("保守国家秘密法培训"), left("　　国家秘密的密级分为绝密、机密、秘密三级。"), *BODY
        ),
    ),
    (
        "levels in a table",
        sheet(
            title("密级与期限"),
            left("密级|期限"),
            left("绝密|30年"),
            left("机密|20年"),
            left("秘密|10年"),
        ),
    ),
    ("a secret of trade", sheet(title("商业秘密保护条例"), *ARTICLES)),
    ("the word on a line of the text", sheet(title("培训材料"), *BODY, *BODY, left("机密"), *BODY)),
    ("the word low on the page", sheet(title("培训材料"), *BODY, low("机密", top=0.6))),
    ("the word in the middle", sheet(title("培训材料"), centre("秘密"), *BODY)),
    (
        "a star low on the page",
        sheet(title("保密法培训"), *BODY, low("密级标志的写法，例如：机密★20年", top=0.6)),
    ),
    ("a form's choices", sheet(title("审批表"), left("密级：公开/秘密/机密"), *BODY)),
]
"""Papers that show nothing, however much they speak of drafts and secrets."""

SECRETS = [
    (
        "as the standard has it",
        sheet(left("000001"), left("机密★20年"), RED_HEAD, *BODY),
        "机密★20年",
    ),
    ("without a term", sheet(left("秘密★"), RED_HEAD, *BODY), "秘密★"),
    ("for ever", sheet(left("绝密★长期"), RED_HEAD, *BODY), "绝密★长期"),
    ("spaced out", sheet(left("机　密 ★ 20 年"), RED_HEAD, *BODY), "机密★20年"),
    ("with an asterisk", sheet(left("秘密＊10年"), RED_HEAD, *BODY), "秘密*10年"),
    ("with an open star", sheet(left("秘密☆6个月"), RED_HEAD, *BODY), "秘密☆6个月"),
    ("in traditional characters", sheet(left("機密★20年"), RED_HEAD, *BODY), "机密★20年"),
    ("at the right", sheet(right("秘密★5年"), RED_HEAD, *BODY), "秘密★5年"),
    (
        "on the third page",
        sheet(title("封面"))
        + sheet(title("目录"), page=1)
        + sheet(left("机密★10年"), *BODY, page=2),
        "机密★10年",
    ),
    ("alone at the left", sheet(left("机密"), RED_HEAD, *BODY), "机密"),
    ("alone, spaced out wide", sheet(left("秘|密"), RED_HEAD, *BODY), "秘密"),
    ("alone and urgent", sheet(left("绝密|特急"), RED_HEAD, *BODY), "绝密"),
    ("behind the copy's number", sheet(left("000001|机密"), RED_HEAD, *BODY), "机密"),
    ("in a field", sheet(title("呈批表"), left("编号：3|密级：机密"), *BODY), "机密"),
    ("in brackets", sheet(left("【秘密】"), title("情况报告"), *BODY), "秘密"),
    ("across the page", sheet(title("情况报告"), *BODY, across("机密")), "机密"),
]
"""Papers with a secrecy mark; none is a draft."""
