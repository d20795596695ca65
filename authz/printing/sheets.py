"""Sheets of A4 that are filled from top to bottom: where one is full, the next begins with a heading of its own."""

from collections.abc import Callable
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from authz.printing.lettering import draw, fitted, width

WIDTH, HEIGHT = (float(side) for side in A4)
"""In points, as all measures here: 72 to the inch. `x` counts from the left of the sheet."""

LEFT, RIGHT, TOP, BOTTOM = 54.0, WIDTH - 54.0, HEIGHT - 48.0, 66.0
"""What is drawn in; the foot of a sheet stands below `BOTTOM`."""

INK, DIM, LINE, SOFT = (HexColor(f"#{colour}") for colour in ("1d2330", "667085", "d5d9e0", "f3f5f8"))

_FOOT, _FOOT_SIZE = 40.0, 7.5

_Drawing = Callable[[Canvas], None]
"""Leaves the colours as they were: those of text and of lines."""


class Sheets:
    """A document in the making. heading: draws the top of each sheet; it is told how many sheets there were before.

    Things are drawn at `height`, how far above the bottom of the sheet the document has come, in points.
    """

    def __init__(self, heading: Callable[["Sheets", int], None]) -> None:
        self._heading = heading
        self._sheets: list[list[_Drawing]] = []
        self.height = TOP
        self._begin_sheet()

    def down(self, points: float) -> None:
        """Go down on the sheet, also where nothing can be drawn any more."""
        self.height -= points

    def keep(self, points: float) -> bool:
        """Begin a new sheet if this one has not so much left; whether that was needed."""
        is_full = self.height - points < BOTTOM
        if is_full:
            self._begin_sheet()
        return is_full

    def text(
        self,
        x: float,
        text: str,
        size: float = 9,
        *,
        width_max: float = RIGHT - LEFT,
        is_bold: bool = False,
        is_dim: bool = False,
    ) -> None:
        """A text that begins at `x`; what does not fit in `width_max` is left out."""
        height, shown = self.height, fitted(text, size, width_max, is_bold=is_bold)

        def drawing(canvas: Canvas) -> None:
            if is_dim:
                canvas.setFillColor(DIM)
            draw(canvas, x, height, shown, size, is_bold=is_bold)
            if is_dim:
                canvas.setFillColor(INK)

        self._sheets[-1].append(drawing)

    def text_right(self, x: float, text: str, size: float = 9, *, is_bold: bool = False, is_dim: bool = False) -> None:
        """A text that ends at `x`."""
        self.text(x - width(text, size, is_bold=is_bold), text, size, is_bold=is_bold, is_dim=is_dim)

    def rule(self, above: float = 0) -> None:
        """A line from margin to margin, so many points above `height`."""
        height = self.height + above

        def drawing(canvas: Canvas) -> None:
            canvas.line(LEFT, height, RIGHT, height)

        self._sheets[-1].append(drawing)

    def panel(self, points: float) -> None:
        """A shaded panel from margin to margin, so high, that begins at `height` and reaches down."""
        height = self.height - points

        def drawing(canvas: Canvas) -> None:
            canvas.setFillColor(SOFT)
            canvas.roundRect(LEFT, height, RIGHT - LEFT, points, 5, stroke=0, fill=1)
            canvas.setFillColor(INK)

        self._sheets[-1].append(drawing)

    def document(self, title: str, author: str, foot: str) -> bytes:
        """The PDF. foot: stands on each sheet, beside its number.

        The same content gives the same bytes: nothing in them says when they were made.
        """
        content = BytesIO()
        canvas = Canvas(content, pagesize=A4, invariant=1, lang="en", pageCompression=1)
        canvas.setTitle(title)
        canvas.setSubject(title)
        canvas.setAuthor(author)
        canvas.setCreator("Tapwright")
        for number, drawings in enumerate(self._sheets, 1):
            canvas.setFillColor(INK)
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.6)
            for drawing in drawings:
                drawing(canvas)
            page = f"Page {number} of {len(self._sheets)}"
            canvas.setFillColor(DIM)
            draw(canvas, LEFT, _FOOT, fitted(foot, _FOOT_SIZE, RIGHT - LEFT - 80), _FOOT_SIZE)
            draw(canvas, RIGHT - width(page, _FOOT_SIZE), _FOOT, page, _FOOT_SIZE)
            canvas.showPage()
        canvas.save()
        return content.getvalue()

    def _begin_sheet(self) -> None:
        self._sheets.append([])
        self.height = TOP
        self._heading(self, len(self._sheets) - 1)
