"""A store to work with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import arcsolve_store
from arcsolve_store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with arcsolve_store.open(tmp_path / "arcsolve.db") as opened:
        yield opened
