"""How the store keeps a grid: its cells compressed, under a hash of shape and cells.

``cells`` is zlib of the row-major cells, one byte each. ``grid_hash`` is the first 16 bytes of sha256 over
``b"HxW:"`` and the same bytes uncompressed: equal grids have equal hashes, whoever predicted them.
"""

import hashlib
import zlib

import numpy as np

from arcsolve.grid import Grid


def encode(grid: Grid) -> bytes:
    """The cells of a grid, compressed.

    Args:
        grid: (height, width) integer array of colours 0-9.
    """
    return zlib.compress(np.ascontiguousarray(grid, dtype=np.int8).tobytes(), 6)


def decode(cells: bytes, height: int, width: int) -> Grid:
    """The grid that `encode` was given.

    Returns:
        (height, width) int8 array, not writeable.
    """
    grid = np.frombuffer(zlib.decompress(cells), dtype=np.int8).reshape(height, width)
    grid.setflags(write=False)
    return grid


def grid_hash(grid: Grid) -> bytes:
    """16 bytes that name the grid's shape and cells."""
    height, width = grid.shape
    cells = np.ascontiguousarray(grid, dtype=np.int8).tobytes()
    return hashlib.sha256(b"%dx%d:" % (height, width) + cells).digest()[:16]
