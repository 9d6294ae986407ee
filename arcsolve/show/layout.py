"""Where things stand on a picture of a sheet, in pixels: shared by the SVG and the PNG writer."""

from collections.abc import Sequence
from dataclasses import dataclass

from arcsolve.show.sheet import Panel, Row

MARGIN = 16
GAP = 24
LINE = 16
"""Height of a line of text."""
GLYPH = 8
"""Width of a character."""
GRID_SIDE = 240
"""Pixels the longer side of a grid may take, where its cells stay at least `SMALLEST_CELL` wide."""
SMALLEST_CELL, LARGEST_CELL = 6, 24


@dataclass(frozen=True)
class Text:
    """A line of text; (x, y) is its upper left corner."""

    x: int
    y: int
    text: str
    is_bold: bool = False


@dataclass(frozen=True)
class Placed:
    """A grid; (x, y) is its upper left corner."""

    x: int
    y: int
    cell: int
    """Pixels per cell."""
    panel: Panel


@dataclass(frozen=True)
class Picture:
    """A sheet laid out."""

    width: int
    height: int
    texts: tuple[Text, ...]
    grids: tuple[Placed, ...]


def lay_out(rows: Sequence[Row]) -> Picture:
    """Put one row below the other, a row's panels side by side."""
    texts: list[Text] = []
    grids: list[Placed] = []
    y, widest = MARGIN, 0
    for row in rows:
        texts.append(Text(MARGIN, y, row.title, is_bold=True))
        widest = max(widest, MARGIN + len(row.title) * GLYPH)
        y += LINE + 4
        x, tallest = MARGIN, 0
        for panel in row.panels:
            cell = min(LARGEST_CELL, max(SMALLEST_CELL, GRID_SIDE // max(panel.grid.shape)))
            captions = [text for text in (panel.caption, panel.verdict) if text]
            texts.extend(Text(x, y + index * LINE, text) for index, text in enumerate(captions))
            top = y + len(captions) * LINE + 2
            grids.append(Placed(x, top, cell, panel))
            wide = max(panel.grid.shape[1] * cell, *(len(text) * GLYPH for text in captions))
            x += wide + GAP
            tallest = max(tallest, top - y + panel.grid.shape[0] * cell)
        widest = max(widest, x - GAP)
        y += tallest + GAP
    return Picture(widest + MARGIN, y - GAP + MARGIN, tuple(texts), tuple(grids))
