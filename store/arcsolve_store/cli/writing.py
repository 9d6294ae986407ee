"""Values as text, and files written with the user's errors explained."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from arcsolve.errors import ArcsolveError


def json_value(value: Any) -> Any:
    """A database value as JSON has it: bytes in hexadecimal, times in ISO form."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else value


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under a heading; bytes in hexadecimal, objects as JSON, NULL empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([json.dumps(v) if isinstance(v, dict | list) else json_value(v) for v in row])


@contextmanager
def text_output(path: Path | None) -> Iterator[TextIO]:
    """The file, or standard output where there is none.

    Raises:
        ArcsolveError: it can't be written.
    """
    if path is None:
        yield sys.stdout
        return
    with explained_writing(path), path.open("w", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def explained_writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into `ArcsolveError`."""
    try:
        yield
    except OSError as error:
        raise ArcsolveError(
            f"Can't write {path}: {error.strerror or error}. Name a file in a folder that exists and is writable."
        ) from error
