"""What crosses a process boundary, as bytes.

A worker runs a solver's code, which may be broken in any way, so nothing it sends is unpickled: its messages are
length-prefixed JSON, its grids strings of digits, and the parent checks both again.
"""

import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from arcsolve.errors import ArcsolveError
from arcsolve.grid import Grid, as_grid
from arcsolve.solver import Candidate

MAX_FRAME_BYTES = 1 << 20
"""No honest message of a worker is longer: a grid and an explanation at their largest fit."""
MAX_GRID_CELLS = 1 << 16
"""Cells of the largest grid a candidate may have; ARC's largest has 900."""
MAX_EXPLANATION_BYTES = 64 * 1024

_LENGTH = struct.Struct(">I")

Message = dict[str, Any]
"""One JSON object with the key ``kind``."""


class WireError(Exception):
    """The other side sent something that is no message."""


def pack(message: Message) -> bytes:
    """One frame: length and JSON."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Turns a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Add received bytes; yields the messages that are complete.

        Raises:
            WireError: a frame that is too long, or no JSON object with a ``kind``.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME_BYTES:
                raise WireError(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            try:
                message = json.loads(bytes(self._buffer[_LENGTH.size : end]))
            except ValueError as error:
                raise WireError("a message that is not JSON") from error
            del self._buffer[:end]
            if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
                raise WireError("a message without a kind")
            yield message


def encode_grid(grid: Grid) -> str:
    """``HxW:digits``, row by row."""
    return f"{grid.shape[0]}x{grid.shape[1]}:{(grid + np.int8(48)).tobytes().decode('ascii')}"


def decode_grid(text: str) -> Grid:
    """The grid of `encode_grid`, read-only.

    Raises:
        WireError: not such a text.
    """
    try:
        size, _, digits = text.partition(":")
        height, _, width = size.partition("x")
        if len(digits) > MAX_GRID_CELLS:
            raise WireError("a grid beyond the size limit")
        cells = np.frombuffer(digits.encode("ascii"), dtype=np.int8) - np.int8(48)
        return as_grid(cells.reshape(int(height), int(width)), "candidate")
    except (ValueError, AttributeError, ArcsolveError) as error:
        raise WireError("a grid that is none") from error


def check_candidate(candidate: object, n_tests: int) -> Candidate:
    """Bring what a solver yielded into canonical form.

    Args:
        candidate: anything.
        n_tests: how many test inputs the task has.

    Returns:
        A new candidate: int8 read-only grid, float confidence, explanation cut to 64 KiB.

    Raises:
        ArcsolveError: it is no `Candidate`, names no test input, its grid is no grid, or its confidence is no number
            in [0, 1].
    """
    if not isinstance(candidate, Candidate):
        raise ArcsolveError(f"expected an arcsolve.Candidate, got {type(candidate).__name__}")
    index = candidate.test_index
    if isinstance(index, bool) or not isinstance(index, int | np.integer):
        raise ArcsolveError(f"test_index is {type(index).__name__}, not an integer")
    if not 0 <= index < n_tests:
        raise ArcsolveError(f"test_index {int(index)} names no test input; the task has {n_tests}")
    grid = as_grid(candidate.grid, "grid")
    if grid.size > MAX_GRID_CELLS:
        raise ArcsolveError(f"grid of {grid.shape[0]}x{grid.shape[1]} cells; at most {MAX_GRID_CELLS} are taken")
    try:
        confidence = float(candidate.confidence)
    except (TypeError, ValueError):
        raise ArcsolveError(f"confidence is {type(candidate.confidence).__name__}, not a number") from None
    if not (math.isfinite(confidence) and 0.0 <= confidence <= 1.0):
        raise ArcsolveError(f"confidence {confidence} is not in [0, 1]")
    demos = candidate.demos_solved
    if demos is not None and (isinstance(demos, bool) or not isinstance(demos, int | np.integer) or demos < 0):
        raise ArcsolveError(f"demos_solved is {demos!r}, not a count or None")
    if not isinstance(candidate.explanation, str):
        raise ArcsolveError(f"explanation is {type(candidate.explanation).__name__}, not text")
    return Candidate(
        int(index), grid, confidence, shorten(candidate.explanation), None if demos is None else int(demos)
    )


def shorten(text: str, limit: int = MAX_EXPLANATION_BYTES) -> str:
    """Cut a text to at most `limit` bytes of UTF-8, saying so at its end; lone surrogates are replaced."""
    if len(text) * 4 <= limit and text.isascii():
        return text
    data = text[: limit + 1].encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode()
    mark = " […]"
    return data[: limit - len(mark.encode())].decode("utf-8", "ignore") + mark


def encode_candidate(task: int, candidate: Candidate) -> Message:
    """A checked candidate for the `task`-th challenge of a job, as a message."""
    return {
        "kind": "candidate",
        "task": task,
        "test": candidate.test_index,
        "grid": encode_grid(candidate.grid),
        "confidence": candidate.confidence,
        "explanation": candidate.explanation,
        "demos": candidate.demos_solved,
    }


def decode_candidate(message: Message, n_tests: int) -> Candidate:
    """The candidate of `encode_candidate`, checked again.

    Raises:
        WireError: it is malformed: an honest worker sends no such thing.
    """
    try:
        candidate = Candidate(
            message["test"],
            decode_grid(message["grid"]),
            message["confidence"],
            message["explanation"],
            message["demos"],
        )
        return check_candidate(candidate, n_tests)
    except (KeyError, ArcsolveError) as error:
        raise WireError(f"a malformed candidate ({error})") from error
