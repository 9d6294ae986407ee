"""The package as it is installed: seen by arcsolve, and its broken second entry point reported without harm."""

import pytest

import arcsolve
from arcsolve import plugins


def test_the_solver_is_seen():
    registry = plugins.load()
    assert registry.make_solver("flip", {"axis": "0"}).options.axis == 0
    assert registry.solvers["flip"].origin.distribution == "arcsolve-flip"


def test_the_broken_neighbour_is_reported_with_its_cause():
    registry = plugins.load()
    causes = {status.name: status.cause for status in registry.statuses}
    assert causes["flip"] is None
    assert "RuntimeError: broken on purpose (broken.py, line 3)" in causes["broken-on-purpose"]
    with pytest.raises(arcsolve.ArcsolveError, match="broken on purpose"):
        registry.solver("broken-on-purpose")
