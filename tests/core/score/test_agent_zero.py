"""The figures that an HRM was once reported with are Agent Zero's, task by task."""

import json
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from arcsolve.data import load
from arcsolve.outcome import Outcome
from arcsolve.score.agent_zero import agent_zero_outcome
from arcsolve.score.groups import band

CASES = {
    "arc1": ("agent_zero_arc1_evaluation.json", ["e872b94a"]),
    "arc2": ("agent_zero_arc2_evaluation.json", []),
}


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], list[Outcome], list[str]]:
    file, right_when_cropped = CASES[request.param]
    reference = json.loads(Path(__file__).with_name(file).read_text())
    outcomes = [agent_zero_outcome(task) for task in load(f"{request.param}:evaluation")]
    return reference, outcomes, right_when_cropped


def test_every_task(case: tuple[dict[str, Any], list[Outcome], list[str]]) -> None:
    reference, outcomes, _ = case
    assert {outcome.task_id: outcome.pixel_accuracy for outcome in outcomes} == reference["pixel_accuracy"]


def test_mean_median_deviation(case: tuple[dict[str, Any], list[Outcome], list[str]]) -> None:
    reference, outcomes, _ = case
    figures = [outcome.pixel_accuracy for outcome in outcomes]
    assert statistics.fmean(figures) == pytest.approx(reference["summary"]["mean_pixel_accuracy"], abs=1e-15)
    assert statistics.median(figures) == reference["summary"]["median_pixel_accuracy"]
    assert statistics.pstdev(figures) == pytest.approx(reference["summary"]["std_dev"], abs=1e-15)


def test_nothing_is_solved_and_little_looks_so(case: tuple[dict[str, Any], list[Outcome], list[str]]) -> None:
    _, outcomes, right_when_cropped = case
    assert not any(outcome.is_solved_at_2 for outcome in outcomes)
    cropped = [o.task_id for o in outcomes if all(test.is_solved_cropped for test in o.tests)]
    assert cropped == right_when_cropped


def test_bands_are_the_reports(case: tuple[dict[str, Any], list[Outcome], list[str]]) -> None:
    reference, outcomes, _ = case
    counted = Counter(band(outcome.pixel_accuracy) for outcome in outcomes)
    assert counted == Counter(reference["categories"])
