"""Known and unseen tasks are scored apart, exactly."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import arcsolve
from arcsolve.errors import ArcsolveError
from arcsolve_hrm import protocols
from arcsolve_hrm.cli import hrm
from arcsolve_hrm.cli import protocols as cli_protocols

GRID = np.zeros((1, 1), np.int8)


def outcome(name, protocol, *, at_1=False, at_2=False, solver="hrm"):
    explanation = json.dumps({"protocol": protocol}) if protocol else "no JSON"
    attempts = (arcsolve.Candidate(0, GRID, 0.5, explanation),) if protocol is not None else ()
    result = arcsolve.TestResult(0, at_1, at_2, False, 1, 0, 0)
    status = arcsolve.Status.FINISHED if attempts else arcsolve.Status.ABSTAINED
    return arcsolve.Outcome(solver, name, name, status, None, tests=(result,), attempts=attempts)


OUTCOMES = [
    outcome("a", protocols.KNOWN, at_1=True, at_2=True),
    outcome("b", protocols.KNOWN, at_2=True),
    outcome("c", protocols.KNOWN),
    outcome("d", protocols.UNSEEN),
    outcome("e", None),
    outcome("f", ""),
    outcome("g", protocols.KNOWN_WITH_TESTS, at_1=True, at_2=True),
]


def test_scores_are_kept_apart():
    scores = {score.protocol: tuple(score)[1:] for score in protocols.by_protocol(OUTCOMES)}
    assert scores == {
        protocols.KNOWN: (3, 1, 2),
        protocols.UNSEEN: (1, 0, 0),
        protocols.KNOWN_WITH_TESTS: (1, 1, 1),
        protocols.NO_ANSWER: (2, 0, 0),
    }
    assert [score.protocol for score in protocols.by_protocol(OUTCOMES)] == list(protocols.ORDER)


class FakeReader:
    def run(self, name):
        return type("Run", (), {"id": name})()

    def outcomes_of(self, run):
        return [*OUTCOMES, outcome("a", protocols.KNOWN, solver="zero")] if run.id == "r1" else []

    def close(self):
        pass


def test_the_command_prints_a_table(monkeypatch):
    monkeypatch.setattr(cli_protocols, "open_for_reading", lambda registry, url: FakeReader())
    output = CliRunner().invoke(hrm, ["protocols", "r1"], catch_exceptions=False).output
    assert "demonstrations seen in training" in output
    assert "66.7%" in output
    facts = json.loads(CliRunner().invoke(hrm, ["protocols", "r1", "--json"], catch_exceptions=False).output)
    assert [entry["tasks"] for entry in facts] == [3, 1, 1, 2]
    with pytest.raises(ArcsolveError, match="no outcome of the solver 'hrm'"):
        CliRunner().invoke(hrm, ["protocols", "r2"], catch_exceptions=False)
