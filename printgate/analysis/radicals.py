"""CJK radicals folded into the ideographs they stand for.

Browsers and converters write some characters as radicals: 见 as U+2EC5. NFKC repairs the Kangxi
block (U+2F00) but only two of the CJK Radicals Supplement, so the rest is mapped here after
Unicode's EquivalentUnifiedIdeograph property. U+2E80 and the gap U+2E9A have no equivalent.
"""

import unicodedata

_FIRST = 0x2E81
# In code order from U+2E81 on; a space where there is no equivalent.
_IDEOGRAPHS = (
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄㣺扌攵 旡日月歺母民氵氺灬爫爫丬牛犭王疋目"
    "示礻𥫗糹纟罓罒㓁㓁𦉪羊𦍌𦍋耂肀聿肉臼艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶阝钅長镸长门𨸏阝"
    "雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)

_TABLE = {
    _FIRST + offset: ideograph for offset, ideograph in enumerate(_IDEOGRAPHS) if ideograph != " "
}


def fold(text: str) -> str:
    """Return text in NFKC with every radical replaced by its ideograph."""
    return unicodedata.normalize("NFKC", text.translate(_TABLE))
