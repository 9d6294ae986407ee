"""Draw a sheet as SVG."""

from collections.abc import Sequence
from html import escape

from arcsolve.show.layout import LINE, Placed, lay_out
from arcsolve.show.palette import PALETTE, contrast
from arcsolve.show.sheet import Row


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def render(rows: Sequence[Row]) -> str:
    """An SVG document; wrong cells carry a cross."""
    picture = lay_out(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width}" height="{picture.height}" '
        f'viewBox="0 0 {picture.width} {picture.height}" font-family="ui-monospace, monospace" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for text in picture.texts:
        weight = ' font-weight="bold"' if text.is_bold else ""
        parts.append(f'<text x="{text.x}" y="{text.y + LINE - 4}"{weight}>{escape(text.text)}</text>')
    for placed in picture.grids:
        parts.extend(_grid(placed))
    return "\n".join([*parts, "</svg>", ""])


def _grid(placed: Placed) -> list[str]:
    x, y, cell, panel = placed.x, placed.y, placed.cell, placed.panel
    height, width = panel.grid.shape
    parts = ['<g stroke="#555555" stroke-width="1" shape-rendering="crispEdges">']
    crosses = []
    for r in range(height):
        for c in range(width):
            colour = int(panel.grid[r, c])
            left, top = x + c * cell, y + r * cell
            fill = _hex(PALETTE[colour])
            parts.append(f'<rect x="{left}" y="{top}" width="{cell}" height="{cell}" fill="{fill}"/>')
            if panel.is_wrong[r, c]:
                inset = max(1, cell // 4)
                near, far = inset, cell - inset
                crosses.append(
                    f'<path d="M{left + near} {top + near}L{left + far} {top + far}M{left + far} {top + near}'
                    f'L{left + near} {top + far}" stroke="{_hex(contrast(colour))}" stroke-width="2"/>'
                )
    return [*parts, "</g>", *crosses]
