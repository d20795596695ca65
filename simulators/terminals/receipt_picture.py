"""A receipt as a picture (SVG): paper with a torn edge, and each word where its column is, whatever font there is.

Spaces between words would be folded into one by a browser, and a font that is not as wide as expected would move the
columns: so every word has a place of its own, and is as long as its characters are.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

_LINE_HEIGHT, _CHARACTER_WIDTH, _MARGIN, _TOOTH = 18, 8.4, 16, 8
_BASELINE = 0.75
"""Of a line's height, from its top."""

_PAPER, _EDGE, _INK = "#fffdf7", "#d8d2c2", "#222222"
_WORD = re.compile(r"\S+")


def receipt_picture(lines: Sequence[str], columns: int, bold: frozenset[int]) -> str:
    """The picture of lines of text. columns: how many characters a line has.  bold: numbers of lines."""
    teeth = -(-int(columns * _CHARACTER_WIDTH + 2 * _MARGIN) // _TOOTH)
    width, height = teeth * _TOOTH, len(lines) * _LINE_HEIGHT + 2 * _MARGIN
    words = "".join(_words(line, number, number in bold) for number, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + _TOOTH}" '
        f'viewBox="0 0 {width} {height + _TOOTH}" role="img" aria-label="receipt">'
        f'<path d="{_paper(width, height)}" fill="{_PAPER}" stroke="{_EDGE}"/>'
        f'<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" fill="{_INK}">{words}</g></svg>'
    )


def _paper(width: int, height: int) -> str:
    """Round the sheet: along its top, down its right side, and back along the teeth of its torn edge."""
    torn = "".join(f"L{x - _TOOTH // 2} {height + _TOOTH - 2}L{x - _TOOTH} {height}" for x in range(width, 0, -_TOOTH))
    return f"M0 0H{width}V{height}{torn}Z"


def _words(line: str, number: int, is_bold: bool) -> str:
    y = round(_MARGIN + (number + _BASELINE) * _LINE_HEIGHT)
    weight = ' font-weight="bold"' if is_bold else ""
    return "".join(
        f'<text x="{_MARGIN + word.start() * _CHARACTER_WIDTH:.1f}" y="{y}" '
        f'textLength="{len(word[0]) * _CHARACTER_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"{weight}>'
        f"{escape(word[0])}</text>"
        for word in _WORD.finditer(line)
    )
