"""Makes the fonts of the worker from npm and Debian packages of Noto.

npm install --prefix NPM @expo-google-fonts/noto-{emoji,sans,sans-arabic,sans-hebrew,sans-sc,sans-tc,sans-jp,sans-kr}
apt-get download fonts-noto-core && dpkg -x fonts-noto-core_*.deb DEBIAN
python deploy/make_fonts.py NPM DEBIAN

Chinese, Japanese and Korean share most outlines: each of TC, JP and KR is cut to what SC lacks or draws otherwise. The fonts'
licence, the OFL, allows that; its reserved name, "Source", is in no family's name.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from container_worker.media.text.fonts import COVERAGE_FILE, PACKAGED, describe

#: Fonts from npm, and the scripts (ISO 15924) for which each is the first choice.
NPM = {"NotoSans": "Latn Grek Cyrl", "NotoSansArabic": "Arab", "NotoSansHebrew": "Hebr"}
#: Fonts that are subset: SC first, the others to the glyphs that SC lacks.
CUT = ("NotoSansSC", "NotoSansTC", "NotoSansJP", "NotoSansKR")
#: Fonts from Debian: scripts in everyday use by UAX 31, then those in limited use.
DEBIAN = {
    "NotoSansArmenian": "Armn", "NotoSansBengali": "Beng", "NotoSansDevanagari": "Deva", "NotoSansEthiopic": "Ethi",
    "NotoSansGeorgian": "Geor", "NotoSansGujarati": "Gujr", "NotoSansGurmukhi": "Guru", "NotoSansKannada": "Knda",
    "NotoSansKhmer": "Khmr", "NotoSansLao": "Laoo", "NotoSansMalayalam": "Mlym", "NotoSansMyanmar": "Mymr",
    "NotoSansOriya": "Orya", "NotoSansSinhala": "Sinh", "NotoSansTamil": "Taml", "NotoSansTelugu": "Telu",
    "NotoSansThaana": "Thaa", "NotoSansThai": "Thai", "NotoSerifTibetan": "Tibt",
    "NotoSansAdlam": "Adlm", "NotoSansBalinese": "Bali", "NotoSansBamum": "Bamu", "NotoSansBatak": "Batk",
    "NotoSansCanadianAboriginal": "Cans", "NotoSansChakma": "Cakm", "NotoSansCham": "Cham", "NotoSansCherokee": "Cher",
    "NotoSansHanifiRohingya": "Rohg", "NotoSansJavanese": "Java", "NotoSansKayahLi": "Kali", "NotoSansLepcha": "Lepc",
    "NotoSansLimbu": "Limb", "NotoSansLisu": "Lisu", "NotoSansMandaic": "Mand", "NotoSansMeeteiMayek": "Mtei",
    "NotoSansMiao": "Plrd", "NotoSansMongolian": "Mong", "NotoSansNewTaiLue": "Talu", "NotoSansNewa": "Newa",
    "NotoSansNKo": "Nkoo", "NotoSerifNyiakengPuachueHmong": "Hmnp", "NotoSansOlChiki": "Olck", "NotoSansOsage": "Osge",
    "NotoSansSaurashtra": "Saur", "NotoSansSundanese": "Sund", "NotoSansSylotiNagri": "Sylo", "NotoSansSyriac": "Syrc",
    "NotoSansTaiLe": "Tale", "NotoSansTaiTham": "Lana", "NotoSansTaiViet": "Tavt", "NotoSansTifinagh": "Tfng",
    "NotoSansVai": "Vaii", "NotoSansWancho": "Wcho", "NotoSansYi": "Yiii", "NotoSansBuginese": "Bugi",
    "NotoSansTagalog": "Tglg", "NotoSansHanunoo": "Hano", "NotoSansBuhid": "Buhd", "NotoSansTagbanwa": "Tagb",
    "NotoSansRejang": "Rjng", "NotoNastaliqUrdu": "", "NotoSansSymbols": "", "NotoSansSymbols2": "", "NotoSansMath": "",
}  # fmt: skip
#: Order of fonts for a character without a script, or missing in its script's font.
FALLBACK_ORDER = ("NotoSans", "NotoSansSymbols", "NotoSansSymbols2", "NotoSansMath", *CUT)
#: Features of horizontal text; the vertical ones would keep a tenth more glyphs.
_FEATURES = ["ccmp", "locl", "mark", "mkmk", "kern", "liga", "calt", "ljmo", "vjmo", "tjmo"]
#: Kept in every subset: without them libass draws boxes between words.
_SPACES = {0x20, 0xA0}
#: Hanja, which KR draws like JP.
_HANJA = ((0x2E80, 0x2FE0), (0x3400, 0xA000), (0xF900, 0xFB00), (0x20000, 0x40000))


def _from_npm(folder: Path, family: str) -> Path:
    kebab = "".join(f"-{char.lower()}" if char.isupper() and not before.isupper() else char.lower()
                    for before, char in zip("A" + family, family, strict=False))  # fmt: skip
    return folder / "node_modules/@expo-google-fonts" / kebab / "400Regular" / f"{family}_400Regular.ttf"


def _drawing(font: Any, glyph: str) -> Any:
    """Return the glyph's drawing, for comparison with another font's."""
    outline = font["glyf"][glyph]
    advance = font["hmtx"][glyph][0]
    if outline.numberOfContours == 0:
        return (advance,)
    coordinates, ends, flags = outline.getCoordinates(font["glyf"])
    return advance, list(coordinates), list(ends), [flag & 1 for flag in flags]


def _cut(source: Path, target: Path, base: Any = None, *, without_hanja: bool = False) -> None:
    """Write the font without features of vertical text, and without characters that `base` draws the same."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(source, recalcTimestamp=False)
    points = set(font.getBestCmap())
    if base is not None:
        ours, theirs = font.getBestCmap(), base.getBestCmap()
        points = {p for p in points if p not in theirs or _drawing(font, ours[p]) != _drawing(base, theirs[p])}
    if without_hanja:
        points = {p for p in points if not any(first <= p < end for first, end in _HANJA)}
    options = subset.Options(
        layout_features=_FEATURES, drop_tables=["vhea", "vmtx", "BASE", "STAT", "DSIG", "gasp"],
        name_IDs=["*"], name_languages=["*"], notdef_outline=True, hinting=False, glyph_names=False, legacy_kern=False,
    )  # fmt: skip
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points | _SPACES)
    cutter.subset(font)
    font.save(target)


def _licence(npm: Path) -> str:
    """Return the licence of all fonts, after the copyright line of each."""
    from fontTools.ttLib import TTFont

    lines = []
    for path in sorted(PACKAGED.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            lines.append(f"{path.name}: {font['name'].getDebugName(0)}")
    _, licence = (npm / "node_modules/@expo-google-fonts/noto-sans/LICENSE_FONT").read_text().split("\n", 1)
    cuts = ", ".join(CUT)
    return "\n".join(lines) + f"\n\n{cuts}: glyphs were left out; deploy/make_fonts.py says which.\n{licence}"


def main(npm: Path, debian: Path) -> None:
    """Write all fonts and their coverage."""
    from fontTools.ttLib import TTFont

    made = dict(NPM)
    for family in (*NPM, "NotoEmoji"):
        shutil.copyfile(_from_npm(npm, family), PACKAGED / f"{family}-Regular.ttf")
    with TTFont(_from_npm(npm, "NotoSansSC"), lazy=True) as base:
        for family in CUT:
            _cut(_from_npm(npm, family), PACKAGED / f"{family}-Regular.ttf", base if family != CUT[0] else None,
                 without_hanja=family == "NotoSansKR")  # fmt: skip
            made[family] = ""
    for family, script in DEBIAN.items():
        shutil.copyfile(debian / f"usr/share/fonts/truetype/noto/{family}-Regular.ttf", PACKAGED / f"{family}-Regular.ttf")
        made[family] = script
    made["NotoEmoji"] = ""
    order = sorted(
        made,
        key=lambda family: (
            FALLBACK_ORDER.index(family) if family in FALLBACK_ORDER else len(FALLBACK_ORDER),
            family == "NotoEmoji",
        ),
    )
    facts = {family: {"scripts": made[family].split(), **describe(PACKAGED / f"{family}-Regular.ttf")} for family in order}
    (PACKAGED / "OFL.txt").write_text(_licence(npm))
    COVERAGE_FILE.write_text(json.dumps(facts, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
