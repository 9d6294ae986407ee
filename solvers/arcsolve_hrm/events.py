"""Scalars for TensorBoard without TensorBoard: its event files are length-prefixed records with checksums.

Record: uint64 length, masked CRC-32C of it, data, masked CRC-32C of the data. The data is a protobuf ``Event``: field 1
wall time (double), 2 step (varint), 3 file version (bytes, in the first record), 5 a ``Summary`` whose field 1 repeats
values of tag (1) and simple value (2, float).
"""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping
from pathlib import Path

_POLYNOMIAL = 0x82F63B78


def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def crc32c(data: bytes) -> int:
    """Compute the Castagnoli checksum."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    value = crc32c(data)
    return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes_field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


class EventWriter:
    """Appends scalars to a file that TensorBoard shows.

    Args:
        folder: The run's folder; each writer begins a file of its own, as TensorBoard expects.
    """

    def __init__(self, folder: Path) -> None:
        started = time.time()
        self.path = folder / f"events.out.tfevents.{time.time_ns()}.arcsolve"
        self._append(struct.pack("<Bd", 0x09, started) + _bytes_field(3, b"brain.Event:2"))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers of one step.

        Args:
            step: Optimiser steps so far.
            values: Number per tag.
        """
        summary = b"".join(
            _bytes_field(1, _bytes_field(1, tag.encode()) + struct.pack("<Bf", 0x15, value))
            for tag, value in values.items()
        )
        head = struct.pack("<Bd", 0x09, time.time()) + b"\x10" + _varint(step)
        self._append(head + _bytes_field(5, summary))

    def _append(self, data: bytes) -> None:
        length = struct.pack("<Q", len(data))
        with self.path.open("ab") as file:
            file.write(length + _masked(length) + data + _masked(data))
