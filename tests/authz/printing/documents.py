"""Documents that PDFium reads: another program than the one that made them, and the one in Chromium."""

from contextlib import closing

import pypdfium2


def texts(document: bytes) -> list[str]:
    """The text of each sheet."""
    with closing(pypdfium2.PdfDocument(document)) as opened:
        return [_text(opened, number) for number in range(len(opened))]


def _text(opened: pypdfium2.PdfDocument, number: int) -> str:
    with closing(opened[number]) as page, closing(page.get_textpage()) as text:
        return text.get_text_range().replace("\r\n", "\n")


def marked_share(document: bytes, number: int) -> float:
    """How much of a sheet is not white."""
    with closing(pypdfium2.PdfDocument(document)) as opened, closing(opened[number]) as page:
        drawn = page.render(scale=1, grayscale=True).to_numpy()
        return float((drawn < 250).mean())


def size(document: bytes) -> tuple[float, float]:
    """Width and height of the first sheet, points."""
    with closing(pypdfium2.PdfDocument(document)) as opened:
        return opened.get_page_size(0)
