"""The subset of Weka's ARFF that ASlib uses: dense rows, quoted names and values, ``?`` for a missing value."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Floats

Cell: TypeAlias = "str | None"

_ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s]+)\s+(.*)$""", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_.+/:=@\-]+")


@dataclass(frozen=True)
class Relation:
    """One ARFF file.

    Attributes:
        path: where it came from, for messages.
        names: attribute names, unquoted, in file order.
        rows: cells as text, unquoted; a missing value (``?``) is None.
    """

    path: Path
    names: tuple[str, ...]
    rows: list[list[Cell]]

    def index(self, name: str) -> int:
        """Return the position of the attribute *name*.

        Raises:
            ArcsolveError: if the file has no such attribute.
        """
        for position, own in enumerate(self.names):
            if own == name:
                return position
        for position, own in enumerate(self.names):
            if own.lower() == name.lower():
                return position
        raise ArcsolveError(f"{self.path} has no attribute {name!r}. It has: {', '.join(self.names)}.")

    def text(self, name: str) -> list[str]:
        """Return the column *name* as text.

        Raises:
            ArcsolveError: if the attribute is unknown or a value is missing.
        """
        at = self.index(name)
        column = [row[at] for row in self.rows]
        for number, value in enumerate(column):
            if value is None:
                raise ArcsolveError(f"{self.path}, data row {number + 1}: {name!r} must not be missing ('?').")
        return [value for value in column if value is not None]

    def numbers(self, names: Sequence[str]) -> Floats:
        """Return the columns *names* as a (rows, len(names)) float64 array, NaN where missing.

        Raises:
            ArcsolveError: if an attribute is unknown or a cell is not a number.
        """
        places = [self.index(name) for name in names]
        table = np.full((len(self.rows), len(places)), np.nan)
        for number, row in enumerate(self.rows):
            for column, at in enumerate(places):
                value = row[at]
                if value is None or value.strip() == "?":  # a quoted question mark is a missing number as well
                    continue
                try:
                    table[number, column] = float(value)
                except ValueError:
                    known = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
                    if value.lower() not in known:
                        raise ArcsolveError(
                            f"{self.path}, data row {number + 1}: {names[column]!r} should be a number, not {value!r}."
                        ) from None
                    table[number, column] = known[value.lower()]
        return table


def read_arff(path: Path) -> Relation:
    """Read a dense ARFF file.

    Args:
        path: the file; UTF-8, Latin-1 as a fallback.

    Returns:
        Its attribute names and its rows of text cells.

    Raises:
        ArcsolveError: if the file is missing or not dense ARFF; the message names file and line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ArcsolveError(f"Cannot read {path}: {error.strerror or error}.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    names: list[str] = []
    rows: list[list[Cell]] = []
    in_data = False
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("%"):
            continue
        if in_data:
            if line.startswith("{"):
                raise ArcsolveError(f"{path}, line {number}: sparse ARFF rows are not supported. Write dense rows.")
            cells = split_row(line)
            if len(cells) != len(names):
                raise ArcsolveError(f"{path}, line {number}: {len(cells)} values for {len(names)} attributes.")
            rows.append(cells)
            continue
        keyword = line.split(None, 1)[0].lower()
        if keyword == "@attribute":
            match = _ATTRIBUTE.match(line)
            if match is None:
                raise ArcsolveError(f"{path}, line {number}: cannot read the attribute declaration {line[:80]!r}.")
            names.append(_unquote(match.group(1)))
        elif keyword == "@data":
            in_data = True
        elif keyword != "@relation":
            raise ArcsolveError(f"{path}, line {number}: expected @RELATION, @ATTRIBUTE or @DATA, found {line[:80]!r}.")
    if not in_data:
        raise ArcsolveError(f"{path} has no @DATA section: it is not an ARFF file, or it was cut short.")
    return Relation(path, tuple(names), rows)


def split_row(line: str) -> list[Cell]:
    """Split one ARFF data row into unquoted cells; an unquoted ``?`` or an empty cell becomes None."""
    if "'" not in line and '"' not in line:
        return [None if cell in ("?", "") else cell for cell in (part.strip() for part in line.split(","))]
    cells: list[Cell] = []
    at, end = 0, len(line)
    while at <= end:
        while at < end and line[at] in " \t":
            at += 1
        if at < end and line[at] in "'\"":
            quote, start = line[at], at
            at += 1
            while at < end and line[at] != quote:
                at += 2 if line[at] == "\\" else 1
            at += 1
            cells.append(_unquote(line[start:at]))
            while at < end and line[at] != ",":
                at += 1
        else:
            stop = line.find(",", at)
            stop = end if stop < 0 else stop
            cell = line[at:stop].strip()
            cells.append(None if cell in ("?", "") else cell)
            at = stop
        at += 1
    return cells


def _unquote(word: str) -> str:
    if len(word) >= 2 and word[0] in "'\"" and word[-1] == word[0]:
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


def quote(word: str) -> str:
    """Quote *word* for ARFF if it needs it; non-ASCII characters become ``_`` (ASlib files are ASCII)."""
    word = word.encode("ascii", "replace").decode("ascii").replace("?", "_") if not word.isascii() else word
    if _PLAIN.fullmatch(word):
        return word
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def write_arff(
    path: Path, relation: str, attributes: Iterable[tuple[str, str]], rows: Iterable[Sequence[object]]
) -> None:
    """Write a dense ARFF file.

    Args:
        path: the file to write.
        relation: its relation name.
        attributes: (name, type) pairs; a type is NUMERIC, STRING or a nominal list such as ``{ok,other}``.
        rows: cells; None and NaN become ``?``, floats are written in full, text is quoted where needed.
    """
    out = io.StringIO()
    out.write(f"@RELATION {quote(relation)}\n\n")
    for name, kind in attributes:
        out.write(f"@ATTRIBUTE {quote(name)} {kind}\n")
    out.write("\n@DATA\n")
    for row in rows:
        out.write(",".join(_cell(value) for value in row))
        out.write("\n")
    path.write_text(out.getvalue(), encoding="ascii")


def _cell(value: object) -> str:
    if value is None:
        return "?"
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return "?" if np.isnan(number) else repr(number)
    return quote(str(value))
