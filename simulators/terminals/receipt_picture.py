"""A receipt as a picture (SVG): paper with a torn edge, and each character where its column is, whatever font there is.

A browser would fold spaces into one, and a font that is not as wide as expected would move the columns: so spaces are
kept, and every character has a place of its own.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

_LINE_HEIGHT, _CHARACTER_WIDTH, _MARGIN, _TOOTH = 18, 8.4, 16, 8
_BASELINE = 0.75
"""Of a line's height, from its top."""

_PAPER, _EDGE, _INK = "#fffdf7", "#d8d2c2", "#222222"


def receipt_picture(lines: Sequence[str], columns: int, bold: frozenset[int]) -> str:
    """The picture of lines of text. columns: how many characters a line has.  bold: numbers of lines."""
    teeth = -(-int(columns * _CHARACTER_WIDTH + 2 * _MARGIN) // _TOOTH)
    width, height = teeth * _TOOTH, len(lines) * _LINE_HEIGHT + 2 * _MARGIN
    texts = "".join(_text(line, number, number in bold) for number, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + _TOOTH}" '
        f'viewBox="0 0 {width} {height + _TOOTH}" role="img" aria-label="receipt">'
        f'<path d="{_paper(width, height)}" fill="{_PAPER}" stroke="{_EDGE}"/>'
        f'<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" fill="{_INK}">{texts}</g></svg>'
    )


def _paper(width: int, height: int) -> str:
    """Round the sheet: along its top, down its right side, and back along the teeth of its torn edge."""
    torn = "".join(f"L{x - _TOOTH // 2} {height + _TOOTH - 2}L{x - _TOOTH} {height}" for x in range(width, 0, -_TOOTH))
    return f"M0 0H{width}V{height}{torn}Z"


def _text(line: str, number: int, is_bold: bool) -> str:
    places = " ".join(f"{_MARGIN + column * _CHARACTER_WIDTH:.1f}" for column in range(len(line)))
    y = round(_MARGIN + (number + _BASELINE) * _LINE_HEIGHT)
    weight = ' font-weight="bold"' if is_bold else ""
    return f'<text xml:space="preserve" style="white-space:pre" x="{places}" y="{y}"{weight}>{escape(line)}</text>'
