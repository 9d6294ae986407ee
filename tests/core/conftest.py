"""Only the plugins that come with arcsolve take part, whatever else is installed."""

import pytest

OURS = "arckit,dsl,ensemble,hrm,store,zero"


@pytest.fixture(autouse=True)
def only_our_plugins(monkeypatch):
    monkeypatch.setenv("ARCSOLVE_PLUGINS", OURS)
