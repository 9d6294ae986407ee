"""Draw a sheet as text: true-colour cells, or digits where there is no colour."""

from collections.abc import Iterable

from arcsolve.show.palette import PALETTE, contrast
from arcsolve.show.sheet import Panel, Row

_RESET = "\x1b[0m"
_GAP = 3


def render(rows: Iterable[Row], *, width: int, colour: bool) -> str:
    """Draw rows of panels; panels that don't fit beside one another go below one another.

    Args:
        rows: the sheet.
        width: columns of the terminal.
        colour: 24-bit colours, wrong cells marked ``><``; else digits, wrong cells marked ``!``.
    """
    lines: list[str] = []
    for row in rows:
        lines.append(f"\x1b[1m{row.title}{_RESET}" if colour else row.title)
        for line_of_panels in _flow(row.panels, width):
            blocks = [_block(panel, width, colour) for panel in line_of_panels]
            height = max(len(block) for block in blocks)
            widths = [_columns(panel, width) for panel in line_of_panels]
            for index in range(height):
                cells = [
                    block[index] if index < len(block) else " " * wide
                    for block, wide in zip(blocks, widths, strict=True)
                ]
                lines.append((" " * _GAP).join(cells).rstrip())
        lines.append("")
    return "\n".join(lines)


def _flow(panels: tuple[Panel, ...], width: int) -> list[list[Panel]]:
    lines: list[list[Panel]] = []
    used = 0
    for panel in panels:
        needed = _columns(panel, width)
        if lines and used + _GAP + needed <= width:
            lines[-1].append(panel)
            used += _GAP + needed
        else:
            lines.append([panel])
            used = needed
    return lines


def _cell_columns(panel: Panel, width: int) -> int:
    return 2 if 2 * panel.grid.shape[1] + 2 <= width else 1


def _captions(panel: Panel) -> list[str]:
    return [panel.caption, panel.verdict] if panel.verdict else [panel.caption]


def _columns(panel: Panel, width: int) -> int:
    """Columns a panel takes: its grid in a frame, or its caption."""
    return max([int(panel.grid.shape[1]) * _cell_columns(panel, width) + 2, *map(len, _captions(panel))])


def _block(panel: Panel, width: int, colour: bool) -> list[str]:
    cell = _cell_columns(panel, width)
    columns = _columns(panel, width)
    inside = panel.grid.shape[1] * cell
    pad = " " * (columns - inside - 2)
    lines = [text.ljust(columns) for text in _captions(panel)]
    lines.append("┌" + "─" * inside + "┐" + pad)
    for colours, wrong in zip(panel.grid.tolist(), panel.is_wrong.tolist(), strict=True):
        draw = _colour_row if colour else _digit_row
        lines.append("│" + draw(colours, wrong, cell) + "│" + pad)
    lines.append("└" + "─" * inside + "┘" + pad)
    return lines


def _colour_row(colours: list[int], wrong: list[bool], cell: int) -> str:
    parts = []
    for colour, is_wrong in zip(colours, wrong, strict=True):
        red, green, blue = PALETTE[colour]
        text = "><"[:cell] if is_wrong else " " * cell
        ink = "38;2;{};{};{};".format(*contrast(colour)) if is_wrong else ""
        parts.append(f"\x1b[{ink}48;2;{red};{green};{blue}m{text}")
    return "".join(parts) + _RESET


def _digit_row(colours: list[int], wrong: list[bool], cell: int) -> str:
    if cell == 1:
        return "".join("!" if is_wrong else str(colour) for colour, is_wrong in zip(colours, wrong, strict=True))
    return "".join(f"{colour}{'!' if is_wrong else ' '}" for colour, is_wrong in zip(colours, wrong, strict=True))
