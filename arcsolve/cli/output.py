"""How commands write: tables and JSON on standard output, everything else on standard error."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, wrap: int | None = None) -> None:
    """Aligned columns under a bold heading; numbers stand to the right.

    Args:
        columns: the heading.
        rows: one sequence of cells per line.
        wrap: index of a column that is folded to the terminal's width; where output is piped nothing is folded.
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in texts)]) for i, name in enumerate(columns)]
    if wrap is not None and sys.stdout.isatty():
        others = sum(widths) - widths[wrap] + 2 * (len(columns) - 1)
        widths[wrap] = min(widths[wrap], max(20, shutil.get_terminal_size().columns - others))
    is_number = [bool(texts) and all(row[i].replace(".", "").isdigit() for row in texts) for i in range(len(columns))]
    click.echo(click.style(_line(columns, widths, is_number), bold=True))
    for row in texts:
        folded = [_fold(cell, width) for cell, width in zip(row, widths, strict=True)]
        for index in range(max(map(len, folded))):
            cells = [lines[index] if index < len(lines) else "" for lines in folded]
            click.echo(_line(cells, widths, is_number))


def _line(cells: Sequence[str], widths: Sequence[int], is_number: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(cells, widths, is_number, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _fold(text: str, width: int) -> list[str]:
    if len(text) <= width:
        return [text]
    import textwrap

    return textwrap.wrap(text, width) or [""]


def note(message: str) -> None:
    """A line for people, on standard error."""
    click.echo(message, err=True)
