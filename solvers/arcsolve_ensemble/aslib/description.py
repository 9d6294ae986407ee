"""ASlib's ``description.txt``: YAML with a few dialects, read into one frozen record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arcsolve import ArcsolveError
from arcsolve_ensemble.scenario import FeatureStep


@dataclass(frozen=True)
class Description:
    """What ``description.txt`` says.

    Attributes:
        name: scenario_id.
        measures: performance measures, in order.
        maximise: one flag per measure.
        is_runtime: one flag per measure.
        cutoff_s: algorithm_cutoff_time, None if unknown (``?``).
        algorithms: the algorithms it declares, in order; empty if it declares none.
        steps: feature steps.
        default_steps: recommended steps.
    """

    name: str
    measures: tuple[str, ...]
    maximise: tuple[bool, ...]
    is_runtime: tuple[bool, ...]
    cutoff_s: float | None
    algorithms: tuple[str, ...]
    steps: tuple[FeatureStep, ...]
    default_steps: tuple[str, ...]


def read_description(path: Path) -> Description:
    """Read an ASlib description.

    Raises:
        ArcsolveError: if the file is missing, is not YAML, or lacks what every scenario must say.
    """
    try:
        import yaml
    except ImportError:
        raise ArcsolveError(
            "Reading ASlib scenarios needs pyyaml, which is not installed. Run: pip install 'arcsolve[ensemble]'."
        ) from None
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ArcsolveError(f"Cannot read {path}: {error.strerror or error}. Is this an ASlib scenario?") from error
    text = re.sub(r"(?<=[\[,])[ \t]*\?[ \t]*(?=[,\]])", " '?'", text)
    text = re.sub(r"(?m)^(\s*[^\s#][^:\n]*:|\s*-)[ \t]+\?[ \t]*$", r"\1 '?'", text.replace("\t", "    "))
    try:
        data = yaml.load(text, Loader=yaml.BaseLoader)  # every scalar as text: names such as 007 or no stay themselves
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where is not None else ""
        raise ArcsolveError(f"{path}{line} is not valid YAML: {getattr(error, 'problem', error)}.") from error
    if not isinstance(data, dict):
        raise ArcsolveError(f"{path} should hold 'key: value' lines, as ASlib's description.txt does.")
    data = {str(key): value for key, value in data.items()}
    measures = tuple(_words(data.get("performance_measures")))
    if not measures:
        raise ArcsolveError(f"{path} names no performance_measures.")
    maximise = [str(flag).lower() in ("true", "yes", "1") for flag in _words(data.get("maximize"))] or [False]
    kinds = [word.lower() for word in _words(data.get("performance_type"))] or ["runtime"]
    for kind in kinds:
        if kind not in ("runtime", "solution_quality"):
            raise ArcsolveError(f"{path}: performance_type must be runtime or solution_quality, not {kind!r}.")
    maximise += maximise[-1:] * (len(measures) - len(maximise))
    kinds += kinds[-1:] * (len(measures) - len(kinds))
    return Description(
        name=str(data.get("scenario_id", path.parent.name)),
        measures=measures,
        maximise=tuple(maximise[: len(measures)]),
        is_runtime=tuple(kind == "runtime" for kind in kinds[: len(measures)]),
        cutoff_s=_number(data.get("algorithm_cutoff_time"), path, "algorithm_cutoff_time"),
        algorithms=_algorithms(data),
        steps=_steps(data, path),
        default_steps=tuple(_words(data.get("default_steps"))),
    )


def _words(value: Any) -> list[str]:
    """Turn a YAML scalar ("a, b"), list or mapping into a list of words; None and '?' into none."""
    if value is None or value == "?":
        return []
    if isinstance(value, Mapping):
        return [str(key) for key in value]
    if isinstance(value, list):
        return [str(item) for item in value if item is not None]
    return [word.strip().strip("'\"") for word in str(value).split(",") if word.strip()]


def _number(value: Any, path: Path, what: str) -> float | None:
    if value is None or str(value).strip() in ("?", "", "nan", ".nan", "NA"):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ArcsolveError(f"{path}: {what} should be a number of seconds or '?', not {value!r}.") from None


def _algorithms(data: Mapping[str, Any]) -> tuple[str, ...]:
    names = _words(data.get("metainfo_algorithms"))
    names += _words(data.get("algorithms_deterministic")) + _words(data.get("algorithms_stochastic"))
    return tuple(dict.fromkeys(names))


def _steps(data: Mapping[str, Any], path: Path) -> tuple[FeatureStep, ...]:
    declared = data.get("feature_steps")
    table: dict[str, Any] = {}
    if isinstance(declared, Mapping):
        table.update({str(key): value for key, value in declared.items()})
    elif isinstance(declared, list):
        for entry in declared:
            if not isinstance(entry, Mapping):
                raise ArcsolveError(f"{path}: each entry of feature_steps should be 'name: features', not {entry!r}.")
            table.update({str(key): value for key, value in entry.items()})
    for key, value in data.items():
        match = re.fullmatch(r"feature_step\s+(.+)", key)
        if match:
            table[match.group(1).strip().strip("'\"")] = value
    steps = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            provides, requires = _words(value.get("provides")), _words(value.get("requires"))
        else:
            provides, requires = _words(value), []
        steps.append(FeatureStep(name, tuple(provides), tuple(requires)))
    return tuple(steps)
