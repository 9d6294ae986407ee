"""Read an ASlib scenario folder into a `Scenario`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.arrays import Bools, Floats, Ints
from arcsolve_ensemble.aslib.arff import Relation, read_arff
from arcsolve_ensemble.aslib.description import Description, read_description
from arcsolve_ensemble.scenario import FeatureStep, Scenario, spread_folds


def read_scenario(folder: Path | str, measure: str | None = None, folds: int | None = None) -> Scenario:
    """Read an ASlib scenario.

    Repetitions of a run are reduced to their median (a failed one counts as endless), repetitions of a feature vector
    to their mean. A run is solved if its status is ``ok`` and its time is within the cutoff. Features of a step that
    did not end ``ok`` are missing; ``presolved`` is remembered.

    Args:
        folder: holds description.txt, algorithm_runs.arff, feature_values.arff and, optionally,
            feature_runstatus.arff, feature_costs.arff and cv.arff.
        measure: the performance measure to use; by default the first that the description names.
        folds: make this many folds (seeded) instead of reading cv.arff.

    Returns:
        The scenario; its ``notes`` say what had to be decided.

    Raises:
        ArcsolveError: if a file is missing, damaged or contradicts another one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ArcsolveError(f"{folder} is not a folder. Name the folder that holds an ASlib description.txt.")
    description = read_description(folder / "description.txt")
    if measure is not None and measure not in description.measures:
        raise ArcsolveError(
            f"Scenario {description.name!r} has no measure {measure!r}. It has: {', '.join(description.measures)}."
        )
    chosen = description.measures.index(measure) if measure is not None else 0
    notes: list[str] = []
    if len(description.measures) > 1:
        notes.append(f"measure {description.measures[chosen]!r} of {', '.join(description.measures)}")
    instances, algorithms, performance, ok = _read_runs(folder / "algorithm_runs.arff", description, chosen, notes)
    is_runtime = description.is_runtime[chosen]
    cutoff_s = description.cutoff_s if is_runtime else None
    if is_runtime:
        if cutoff_s is None:
            cutoff_s = float(np.max(performance[ok])) if ok.any() else 1.0
            notes.append(f"algorithm_cutoff_time is unknown; the longest successful run, {cutoff_s:g} s, stands for it")
        ok = ok & (performance <= cutoff_s)
    rows = {name: i for i, name in enumerate(instances)}
    feature_names, features, present = _read_features(folder / "feature_values.arff", rows)
    if not present.all():
        notes.append(f"{int((~present).sum())} instances have no feature vector; their features count as missing")
    steps = _complete_steps(description.steps, feature_names)
    features, presolved = _apply_runstatus(folder / "feature_runstatus.arff", rows, steps, feature_names, features)
    scenario = Scenario(
        name=description.name,
        instances=instances,
        algorithms=algorithms,
        performance=np.where(ok, performance, np.nan),
        solved=ok,
        features=features,
        feature_names=feature_names,
        folds=_read_folds(folder / "cv.arff", rows, folds),
        cutoff_s=cutoff_s,
        is_runtime=is_runtime,
        is_maximised=description.maximise[chosen] and not is_runtime,
        steps=steps,
        step_costs=_read_costs(folder / "feature_costs.arff", rows, steps, notes),
        presolved=presolved,
        default_steps=tuple(name for name in description.default_steps if name in {step.name for step in steps}),
        notes=tuple(notes),
    )
    if (scenario.folds < 0).any():
        kept = scenario.folds >= 0
        note = f"{int((~kept).sum())} instances are in no fold of cv.arff and are left out"
        object.__setattr__(scenario, "notes", (*scenario.notes, note))
        scenario = scenario.subset(kept)
    return scenario


def _read_runs(
    path: Path, description: Description, chosen: int, notes: list[str]
) -> tuple[tuple[str, ...], tuple[str, ...], Floats, Bools]:
    relation = read_arff(path)
    names, solvers = relation.text("instance_id"), relation.text("algorithm")
    values = relation.numbers([description.measures[chosen]])[:, 0]
    lowered = [name.lower() for name in relation.names]
    status = relation.text("runstatus") if "runstatus" in lowered else ["ok"] * len(names)
    instances = tuple(dict.fromkeys(names))
    found = dict.fromkeys(solvers)
    algorithms = tuple(name for name in description.algorithms if name in found)
    algorithms += tuple(name for name in found if name not in set(algorithms))
    row = {name: i for i, name in enumerate(instances)}
    column = {name: i for i, name in enumerate(algorithms)}
    is_runtime, maximise = description.is_runtime[chosen], description.maximise[chosen]
    failed = -np.inf if maximise and not is_runtime else np.inf
    cells: dict[tuple[int, int], list[float]] = {}
    for number, (name, solver, value, state) in enumerate(zip(names, solvers, values, status, strict=True)):
        good = state.lower() == "ok"
        if good and np.isnan(value):
            raise ArcsolveError(
                f"{path}, data row {number + 1}: runstatus is ok but {description.measures[chosen]!r} is missing."
            )
        if not is_runtime and state.lower() in ("timeout", "memout") and not np.isnan(value):
            good = True  # an anytime algorithm's best solution counts when a limit ends the run
        cells.setdefault((row[name], column[solver]), []).append(float(value) if good else failed)
    performance = np.full((len(instances), len(algorithms)), np.nan)
    for (i, j), runs in cells.items():
        performance[i, j] = float(np.median(runs)) if len(runs) % 2 else sorted(runs)[(len(runs) - 1) // 2]
    gaps = int(np.isnan(performance).sum())
    if gaps:
        notes.append(f"{gaps} (instance, algorithm) pairs have no run and count as unsolved")
    return instances, algorithms, performance, np.isfinite(performance)


def _read_features(path: Path, rows: dict[str, int]) -> tuple[tuple[str, ...], Floats, Bools]:
    relation = read_arff(path)
    names = tuple(name for name in relation.names if name.lower() not in ("instance_id", "repetition"))
    table = np.stack([_feature_column(relation, name) for name in names], axis=1) if names else np.zeros((0, 0))
    if table.shape[0] != len(relation.rows):
        table = np.zeros((len(relation.rows), 0))
    table[~np.isfinite(table)] = np.nan
    total, seen = np.zeros((len(rows), len(names))), np.zeros((len(rows), len(names)))
    present = np.zeros(len(rows), dtype=bool)
    for name, values in zip(relation.text("instance_id"), table, strict=True):
        if name not in rows:
            continue
        there = ~np.isnan(values)
        total[rows[name], there] += values[there]
        seen[rows[name], there] += 1
        present[rows[name]] = True
    with np.errstate(invalid="ignore"):
        return names, np.where(seen > 0, total / np.maximum(seen, 1), np.nan), present


def _feature_column(relation: Relation, name: str) -> Floats:
    """Return one feature as numbers; a nominal one becomes the position of its value in alphabetical order."""
    try:
        return relation.numbers([name])[:, 0]
    except ArcsolveError:
        cells = [row[relation.index(name)] for row in relation.rows]
        codes = {value: float(code) for code, value in enumerate(sorted({cell for cell in cells if cell is not None}))}
        return np.array([np.nan if cell is None else codes[cell] for cell in cells])


def _complete_steps(steps: tuple[FeatureStep, ...], feature_names: tuple[str, ...]) -> tuple[FeatureStep, ...]:
    known = set(feature_names)
    return tuple(
        FeatureStep(step.name, tuple(name for name in step.provides if name in known), step.requires) for step in steps
    )


def _apply_runstatus(
    path: Path, rows: dict[str, int], steps: tuple[FeatureStep, ...], feature_names: tuple[str, ...], features: Floats
) -> tuple[Floats, Bools]:
    presolved = np.zeros((len(rows), len(steps)), dtype=bool)
    if not path.exists():
        return features, presolved
    relation = read_arff(path)
    at = {name: i for i, name in enumerate(feature_names)}
    features = features.copy()
    names = relation.text("instance_id")
    for number, step in enumerate(steps):
        if step.name not in relation.names:
            continue
        place = relation.index(step.name)
        provided = [at[name] for name in step.provides]
        for name, row in zip(names, relation.rows, strict=True):
            state = (row[place] or "ok").lower()
            if name not in rows or state == "ok":
                continue
            features[rows[name], provided] = np.nan
            presolved[rows[name], number] |= state == "presolved"
    return features, presolved


def _read_costs(path: Path, rows: dict[str, int], steps: tuple[FeatureStep, ...], notes: list[str]) -> Floats:
    costs = np.zeros((len(rows), len(steps)))
    if not path.exists():
        notes.append("no feature_costs.arff: features count as free")
        return costs
    relation = read_arff(path)
    known = [(number, step.name) for number, step in enumerate(steps) if step.name in relation.names]
    table = np.nan_to_num(relation.numbers([name for _, name in known]), nan=0.0)
    counts = np.zeros(len(rows))
    for name, values in zip(relation.text("instance_id"), table, strict=True):
        if name in rows:
            costs[rows[name], [number for number, _ in known]] += np.maximum(values, 0.0)
            counts[rows[name]] += 1
    unknown = set(relation.names) - {name for _, name in known} - {"instance_id", "repetition"}
    if unknown:
        notes.append(
            f"feature_costs.arff has columns of no known feature step, not charged: {', '.join(sorted(unknown))}"
        )
    return np.asarray(costs / np.maximum(counts, 1)[:, None])


def _read_folds(path: Path, rows: dict[str, int], folds: int | None) -> Ints:
    if folds is not None:
        if not 2 <= folds <= len(rows):
            raise ArcsolveError(f"Cannot make {folds} folds of {len(rows)} instances.")
        return spread_folds(len(rows), folds)
    if not path.exists():
        raise ArcsolveError(f"{path} is missing: the scenario has no official folds. Add --folds 10 to make some.")
    relation = read_arff(path)
    return _first_repetition(relation, rows)


def _first_repetition(relation: Relation, rows: dict[str, int]) -> Ints:
    """Return each instance's fold in the first repetition of the cross-validation, -1 where it has none."""
    fold = relation.numbers(["fold"])[:, 0]
    lowered = [name.lower() for name in relation.names]
    repetition = relation.numbers(["repetition"])[:, 0] if "repetition" in lowered else np.ones(len(fold))
    first = np.nanmin(repetition) if len(repetition) else 1.0
    folds = np.full(len(rows), -1, dtype=np.int64)
    for name, number, turn in zip(relation.text("instance_id"), fold, repetition, strict=True):
        if name in rows and turn == first:
            if np.isnan(number):
                raise ArcsolveError(f"{relation.path}: instance {name!r} has no fold ('?').")
            folds[rows[name]] = int(number)
    if (folds < 0).all():
        raise ArcsolveError(f"{relation.path} names none of the scenario's instances.")
    return folds
