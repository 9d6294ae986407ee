"""Write a `Scenario` as an ASlib folder that other tools read (checked with the PyPI package asf)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.aslib.arff import write_arff
from arcsolve_ensemble.scenario import FeatureStep, Scenario

RUN_STATES = "{ok,timeout,memout,not_applicable,crash,other}"
STEP_STATES = "{ok,timeout,memout,presolved,crash,other,unknown}"


def write_scenario(
    scenario: Scenario, folder: Path | str, run_states: dict[tuple[int, int], str] | None = None
) -> Path:
    """Write *scenario* in the ASlib format.

    A run that is not solved is written with the time of the cutoff and the status ``timeout``, or what *run_states*
    says: a wrong answer is ``other``, never ``ok``.

    Args:
        scenario: what to write.
        folder: made if it is not there; must hold no other scenario.
        run_states: ASlib status of unsolved runs by (instance, algorithm) index.

    Returns:
        The folder.

    Raises:
        ArcsolveError: if the folder holds a scenario already, or pyyaml is missing.
    """
    try:
        import yaml
    except ImportError:
        raise ArcsolveError(
            "Writing ASlib scenarios needs pyyaml, which is not installed. Run: pip install 'arcsolve[ensemble]'."
        ) from None
    folder = Path(folder)
    if (folder / "description.txt").exists():
        raise ArcsolveError(f"{folder} holds a scenario already. Name an empty folder, or remove that one first.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArcsolveError(f"Cannot make the folder {folder}: {error.strerror or error}.") from error
    run_states = run_states or {}
    measure = "runtime" if scenario.is_runtime else "quality"
    steps = scenario.steps or (FeatureStep("features", scenario.feature_names),)
    cutoff = scenario.cutoff_s
    if cutoff is None:  # readers want a positive number above every value
        finite = scenario.performance[np.isfinite(scenario.performance)]
        cutoff = float(max(1.0, 2.0 * np.abs(finite).max())) if finite.size else 1.0
    description = {
        "scenario_id": scenario.name,
        "performance_measures": [measure],
        "maximize": [bool(scenario.is_maximised)],
        "performance_type": ["runtime" if scenario.is_runtime else "solution_quality"],
        "algorithm_cutoff_time": float(cutoff),
        "algorithm_cutoff_memory": "?",
        "features_cutoff_time": "?",
        "features_cutoff_memory": "?",
        "number_of_feature_steps": len(steps),
        "feature_steps": {
            step.name: {"provides": list(step.provides)} | ({"requires": list(step.requires)} if step.requires else {})
            for step in steps
        },
        "default_steps": list(scenario.default_steps or (step.name for step in steps)),
        "features_deterministic": list(scenario.feature_names),
        "features_stochastic": [],
        "algorithms_deterministic": list(scenario.algorithms),
        "algorithms_stochastic": [],
        "metainfo_algorithms": {name: {"configuration": "", "deterministic": True} for name in scenario.algorithms},
    }
    (folder / "description.txt").write_text(
        yaml.safe_dump(description, sort_keys=False, allow_unicode=False), encoding="ascii"
    )
    identity = [("instance_id", "STRING"), ("repetition", "NUMERIC")]
    relation = scenario.name
    write_arff(
        folder / "algorithm_runs.arff",
        f"ALGORITHM_RUNS_{relation}",
        [*identity, ("algorithm", "STRING"), (measure, "NUMERIC"), ("runstatus", RUN_STATES)],
        _runs(scenario, cutoff, run_states),
    )
    write_arff(
        folder / "feature_values.arff",
        f"FEATURE_VALUES_{relation}",
        [*identity, *((name, "NUMERIC") for name in scenario.feature_names)],
        ([name, 1, *row] for name, row in zip(scenario.instances, scenario.features.tolist(), strict=True)),
    )
    write_arff(
        folder / "feature_runstatus.arff",
        f"FEATURE_RUNSTATUS_{relation}",
        [*identity, *((step.name, STEP_STATES) for step in steps)],
        _step_states(scenario, len(steps)),
    )
    costs = scenario.step_costs if scenario.steps else np.zeros((len(scenario.instances), 1))
    write_arff(
        folder / "feature_costs.arff",
        f"FEATURE_COSTS_{relation}",
        [*identity, *((step.name, "NUMERIC") for step in steps)],
        ([name, 1, *row] for name, row in zip(scenario.instances, costs.tolist(), strict=True)),
    )
    write_arff(
        folder / "cv.arff",
        f"CV_{relation}",
        [*identity, ("fold", "NUMERIC")],
        ([name, 1, int(fold)] for name, fold in zip(scenario.instances, scenario.folds, strict=True)),
    )
    return folder


def _runs(scenario: Scenario, cutoff: float, run_states: dict[tuple[int, int], str]) -> list[list[object]]:
    rows: list[list[object]] = []
    for i, instance in enumerate(scenario.instances):
        for j, algorithm in enumerate(scenario.algorithms):
            value = float(scenario.performance[i, j])
            if scenario.solved[i, j]:
                rows.append([instance, 1, algorithm, value, "ok"])
            else:
                state = run_states.get((i, j), "timeout" if scenario.is_runtime else "other")
                fallback = cutoff if scenario.is_runtime else (0.0 if scenario.is_maximised else cutoff)
                rows.append([instance, 1, algorithm, value if np.isfinite(value) else fallback, state])
    return rows


def _step_states(scenario: Scenario, count: int) -> list[list[object]]:
    rows: list[list[object]] = []
    for i, instance in enumerate(scenario.instances):
        states: list[str] = ["ok"] * count
        for j in range(len(scenario.steps)):
            if scenario.presolved[i, j]:
                states[j] = "presolved"
        rows.append([instance, 1, *states])
    return rows
