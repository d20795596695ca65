"""The receipt as a browser shows it: paper without holes, and columns where the text has them."""

from xml.etree import ElementTree

import pytest

from simulators.terminals.receipt import Receipt
from tests.simulators.browser import screenshot

PAPER, DESK = (0xFF, 0xFD, 0xF7), (0x22, 0x44, 0x66)
LEFT, TOP, LINE, CHARACTER = 16, 16, 18, 8.4
REQUEST = {0: "0100", 3: "000000", 4: "000000001250", 11: "000123", 37: "632810000123", 49: "978"}
DETAIL = "a fare is owed: see the service desk of the metro"


def receipt(**more):
    """A receipt with everything on it."""
    values = {
        "merchant": "CAFE & <BAR>", "terminal_id": "TERM0001", "amount_minor": 1_250, "currency": "EUR",
        "token_last4": "0017", "local_time": "2026-11-25 10:15", "request": REQUEST,
        "answer": {0: "0110", 39: "51"}, "detail": DETAIL,
    }  # fmt: skip
    return Receipt(**values | more)


@pytest.fixture(params=["as it is", "in a font of other widths"])
def shown(request, tmp_path):
    """The picture on a dark page, at its upper left corner, and the text that it shows."""
    picture = receipt().picture()
    if request.param != "as it is":
        picture = picture.replace("ui-monospace,Menlo,Consolas,monospace", "serif")
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><style>body{{margin:0;background:#224466}}svg{{display:block}}</style>{picture}")
    return screenshot(page, tmp_path), receipt().text().split("\n")


def inked(image, number):
    """The columns, in pixels, in which a line has ink."""
    top = TOP + number * LINE
    return [x for x in range(2, 300) if any(sum(image.getpixel((x, y))) < 450 for y in range(top, top + LINE))]


def test_paper_and_columns(shown):
    """The paper reaches from edge to edge, and each line begins and ends where its characters stand in the text."""
    image, lines = shown
    bottom = 2 * TOP + len(lines) * LINE
    for place in ((3, 3), (298, 3), (3, bottom - 3), (298, bottom - 3), (5, bottom // 2), (150, bottom - 6)):
        assert image.getpixel(place) == PAPER, place
    assert image.getpixel((350, 50)) == image.getpixel((50, bottom + 20)) == DESK
    for number, line in enumerate(lines):
        ink, text = inked(image, number), line.strip()
        first = LEFT + (len(line) - len(line.lstrip())) * CHARACTER
        assert first - 2 <= ink[0] <= first + CHARACTER, line
        assert first + (len(text) - 1) * CHARACTER - 2 <= ink[-1] <= first + len(text) * CHARACTER + 2, line
        if "   " in text:
            gap = LEFT + (line.rindex("   ") + 1.5) * CHARACTER
            assert not [x for x in ink if abs(x - gap) < CHARACTER / 2], line


def test_no_line_is_longer_than_the_paper():
    """What does not fit goes on in the next line, and the picture's text is the receipt's."""
    text = receipt().text()
    assert max(map(len, text.split("\n"))) == 32
    assert DETAIL in " ".join(text.split())
    lines = [element.text for element in ElementTree.fromstring(receipt().picture()).iter() if element.text]
    assert "\n".join(lines) == text
