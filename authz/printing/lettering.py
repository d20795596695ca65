"""Which font each character of a PDF is drawn in.

No font is embedded: all of them are fonts that readers of PDF bring along, or replace by a font of the machine. Latin
text is in Helvetica, one of the fourteen standard fonts (ISO 32000-1, 9.6.2.2). Chinese, Japanese, Cyrillic and Greek
text is in a font of the character collection Adobe-GB1, Korean text in one of Adobe-Korea1 (9.7.5.2). A Latin letter
that Helvetica has not loses its accents, and what no font has is a question mark: the text of a PDF names no character
that its font is without.
"""

import unicodedata
from functools import lru_cache
from itertools import groupby

from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

_LATIN, _LATIN_BOLD, _CHINESE, _KOREAN = "Helvetica", "Helvetica-Bold", "STSong-Light", "HYGothic-Medium"

_FONTS = {"cp1252": _LATIN, "gbk": _CHINESE, "cp949": _KOREAN}
"""By the encoding that has the characters of the font; the first that has a character draws it."""

_LAST_LATIN = 0x24F
"""The end of the Latin letters of European languages: as wide as Chinese ones in the fonts behind the first."""

_WITHOUT_STROKE = str.maketrans("ŁłĐđĦħŦŧØøı", "LlDdHhTtOoi")
"""Letters that Unicode does not take apart into one without accents and its accent."""

for _name in (_CHINESE, _KOREAN):
    registerFont(UnicodeCIDFont(_name))


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """How wide a text is, in points."""
    return sum(float(stringWidth(run, font, size)) for font, run in runs(text, is_bold=is_bold))


def fitted(text: str, size: float, width_max: float, *, is_bold: bool = False) -> str:
    """The text, or as much of it as fits, with an ellipsis. width_max: in points."""
    if width(text, size, is_bold=is_bold) <= width_max:
        return text
    while text and width(f"{text}…", size, is_bold=is_bold) > width_max:
        text = text[:-1]
    return f"{text.rstrip()}…"


def draw(canvas: Canvas, x: float, y: float, text: str, size: float, *, is_bold: bool = False) -> None:
    """Draw a text that begins at a place, in points from the left and from the bottom of the sheet."""
    for font, run in runs(text, is_bold=is_bold):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += stringWidth(run, font, size)


def runs(text: str, *, is_bold: bool = False) -> list[tuple[str, str]]:
    """The text in pieces, each with the font that has all its characters. Only Latin text has bold letters."""
    latin = _LATIN_BOLD if is_bold else _LATIN
    if text.isascii() and text.isprintable():
        return [(latin, text)]
    lettered = [letter for character in text for letter in _lettered(character)]
    pieces = [(font, "".join(each for _, each in run)) for font, run in groupby(lettered, key=lambda pair: pair[0])]
    return [(latin if font == _LATIN else font, run) for font, run in pieces]


@lru_cache(maxsize=4096)
def _lettered(character: str) -> tuple[tuple[str, str], ...]:
    """What is drawn for a character: fonts and characters, one as a rule."""
    if character.isspace():
        return ((_LATIN, " "),)
    if not character.isprintable():
        return ((_LATIN, "?"),)
    if (font := _font_with(character)) is not None:
        return ((font, character),)
    parts = unicodedata.normalize("NFKD", character).translate(_WITHOUT_STROKE)
    plain = [each for each in parts if not unicodedata.combining(each)]
    return tuple((font, each) if (font := _font_with(each)) else (_LATIN, "?") for each in plain)


def _font_with(character: str) -> str | None:
    """The first font that has a character."""
    for encoding, font in _FONTS.items():
        if font != _LATIN and ord(character) <= _LAST_LATIN:
            return None
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return font
    return None
