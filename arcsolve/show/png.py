"""Draw a sheet as PNG, with nothing but zlib and numpy."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arcsolve.show.font import glyph
from arcsolve.show.layout import GLYPH, Placed, Text, lay_out
from arcsolve.show.palette import PALETTE, contrast
from arcsolve.show.sheet import Row

Canvas = NDArray[np.uint8]
"""(height, width, 3) red, green, blue."""

_LINES = (0x55, 0x55, 0x55)


def render(rows: Sequence[Row]) -> bytes:
    """A PNG file's bytes; wrong cells carry a cross."""
    picture = lay_out(rows)
    canvas = np.full((picture.height, picture.width, 3), 255, np.uint8)
    for text in picture.texts:
        _write(canvas, text)
    for placed in picture.grids:
        _draw(canvas, placed)
    return encode(canvas)


def _draw(canvas: Canvas, placed: Placed) -> None:
    grid, cell = placed.panel.grid, placed.cell
    height, width = grid.shape
    block = np.array(PALETTE, np.uint8)[grid.repeat(cell, 0).repeat(cell, 1)]  # (height*cell, width*cell, 3)
    block[::cell] = block[:, ::cell] = _LINES
    for r, c in np.argwhere(placed.panel.is_wrong):
        ink = contrast(int(grid[r, c]))
        inset = max(1, cell // 4)
        for step in range(inset, cell - inset + 1):
            for column in (step, cell - step):
                block[r * cell + step, c * cell + column - 1 : c * cell + column + 1] = ink
    canvas[placed.y : placed.y + height * cell, placed.x : placed.x + width * cell] = block
    canvas[placed.y : placed.y + height * cell + 1, placed.x + width * cell] = _LINES
    canvas[placed.y + height * cell, placed.x : placed.x + width * cell + 1] = _LINES


def _write(canvas: Canvas, text: Text) -> None:
    for index, character in enumerate(text.text):
        pixels = glyph(character).repeat(2, 0).repeat(2, 1)  # (10, 6)
        x, y = text.x + index * GLYPH, text.y + 2
        area = canvas[y : y + pixels.shape[0], x : x + pixels.shape[1]]
        visible = pixels[: area.shape[0], : area.shape[1]]
        area[visible] = (0, 0, 0) if text.is_bold else (0x44, 0x44, 0x44)


def encode(canvas: Canvas) -> bytes:
    """The PNG form of an image: 8-bit RGB, no filter."""
    height, width, _ = canvas.shape
    lines = np.zeros((height, 1 + width * 3), np.uint8)  # each line begins with its filter: 0, none
    lines[:, 1:] = canvas.reshape(height, width * 3)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
