"""CJK radicals and strokes folded into the ideographs they stand for.

Browsers and converters write some characters as radicals: 见 as U+2EC5. NFKC repairs the Kangxi
block (U+2F00) but only two of the CJK Radicals Supplement, so the rest is mapped here. The tables
are generated from Unicode's EquivalentUnifiedIdeograph property (14.0), not written by hand: the
property does not always choose the ideograph that looks nearest (U+2ECF is 邑, not 阝).
"""

import unicodedata

# In code order from the first code point on; a space where there is no equivalent (U+2E9A) or
# where NFKC has one already (U+2E9F, U+2EF3).
_BLOCKS = {
    0x2E81: (
        "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵 旡日月歺 民氵氺灬爫爫丬牛犭"
        "王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅"
        "長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀"
    ),
    0x31C6: ("𠃌        乀一丨丿丿丶𠃍乛𠃊𠃎𠄌亅𡿨𠃋乀𠃑乚乙𠄎"),
}

_TABLE = {
    first + offset: ideograph
    for first, ideographs in _BLOCKS.items()
    for offset, ideograph in enumerate(ideographs)
    if ideograph != " "
}


def fold(text: str) -> str:
    """Return text in NFKC with every radical replaced by its ideograph."""
    return unicodedata.normalize("NFKC", text.translate(_TABLE))
