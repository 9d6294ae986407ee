"""The router's model: what was learnt about each member, in one small file of plain numbers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from arcsolve import ArcsolveError, Challenge
from arcsolve_ensemble.arrays import Floats
from arcsolve_ensemble.features import FEATURE_NAMES, LANDMARK_NAMES, VERSION, landmarks, task_features
from arcsolve_ensemble.features.probe import probe_features
from arcsolve_ensemble.merging.trust import Trust
from arcsolve_ensemble.merging.votes import Vote
from arcsolve_ensemble.router.allocation import Prospect
from arcsolve_ensemble.router.recalibrate import Gap
from arcsolve_ensemble.router.success import SuccessModel

FORMAT = 3
PARTS = ("success", "landmarked", "probed", "answered")
"""A member's success models, by what they are told."""


def task_row(challenge: Challenge) -> tuple[float, ...]:
    """Return the task features of *challenge*."""
    return tuple(task_features(challenge).values())


@lru_cache(maxsize=512)
def landmarked_row(challenge: Challenge) -> tuple[float, ...]:
    """Return the task features of *challenge*, then its landmarks; asked again, they are not computed again."""
    return (*task_row(challenge), *landmarks(challenge).values())


@dataclass(frozen=True)
class MemberModel:
    """What is known about one member.

    Attributes:
        success: probability of solving a task from its task features.
        landmarked: the same from task features and landmarks.
        times_s: sorted seconds it took on tasks it solved (at most 100 quantiles).
        tasks: tasks it was seen on.
        version: the solver's version that was seen.
        probed: the same once the probing member has answered as well; None if no member probes.
        answered: of the probing member itself: the same from its answer alone.
        gap: how much easier tasks are to it than their held-out demonstrations; None if that was not tried.
    """

    success: SuccessModel
    landmarked: SuccessModel
    times_s: tuple[float, ...]
    tasks: int
    version: str
    probed: SuccessModel | None = None
    answered: SuccessModel | None = None
    gap: Gap | None = None


@dataclass(frozen=True)
class RouterModel:
    """Everything the ensemble learnt.

    Attributes:
        members: by solver name.
        trust: how far each member's votes can be believed.
        trained_on: what it was trained on, for people.
        probe: the member whose answer gives the probing features; empty if there is none.
    """

    members: Mapping[str, MemberModel] = field(default_factory=dict)
    trust: Trust = field(default_factory=Trust)
    trained_on: str = ""
    probe: str = ""

    def probabilities(self, challenges: Sequence[Challenge], with_landmarks: bool = True) -> dict[str, Floats]:
        """Return (tasks,) success probabilities per known member.

        Args:
            challenges: the tasks; their features come from demonstrations and test inputs only.
            with_landmarks: False: from the task features alone, a tenth of the time.
        """
        if not challenges or not self.members:
            return {name: np.zeros(len(challenges)) for name in self.members}
        row_of = landmarked_row if with_landmarks else task_row
        table = np.array([row_of(challenge) for challenge in challenges])
        return {
            name: (member.landmarked if with_landmarks else member.success)(table)
            for name, member in self.members.items()
        }

    def probed(self, challenge: Challenge, votes: Mapping[int, Sequence[Vote]]) -> dict[str, float]:
        """Return success probabilities once the probing member has answered.

        Args:
            challenge: the task.
            votes: the probing member's votes by test index.
        """
        probing = probe_features(votes, len(challenge.train), len(challenge.test_inputs))
        table = np.array([[*landmarked_row(challenge), *probing.values()]])
        return {
            name: float(member.probed(table)[0]) for name, member in self.members.items() if member.probed is not None
        }

    def rate_from_answers(self, asked: Sequence[tuple[Challenge, Mapping[int, Sequence[Vote]]]]) -> float | None:
        """Return the share of tasks that the probing member is expected to have solved, told from its answers.

        Args:
            asked: the tasks of one data set, each with the probing member's votes by test index.
        """
        known = self.members.get(self.probe)
        if known is None or known.answered is None or not asked:
            return None
        table = np.array([list(probe_features(votes, len(c.train), len(c.test_inputs)).values()) for c, votes in asked])
        return float(known.answered(table).mean())

    def prospect(self, member: str, probability: float | None) -> Prospect:
        """Return what to expect of *member*; nothing is known of one that the model never saw."""
        known = self.members.get(member)
        return Prospect(member, None) if known is None else Prospect(member, probability, known.times_s)

    def save(self, path: Path) -> None:
        """Write the model file."""
        arrays: dict[str, Any] = {}
        header: dict[str, Any] = {
            "format": FORMAT,
            "features": [*FEATURE_NAMES, *LANDMARK_NAMES],
            "features_version": VERSION,
            "trained_on": self.trained_on,
            "trust": self.trust.to_json(),
            "probe": self.probe,
            "members": {},
        }
        for name, member in self.members.items():
            parts = {part: getattr(member, part) for part in PARTS}
            models: dict[str, SuccessModel] = {part: model for part, model in parts.items() if model is not None}
            header["members"][name] = {
                "models": {
                    part: {"kind": model.kind, "scale": model.scale.tolist(), "rate": model.rate}
                    for part, model in models.items()
                },
                "times_s": list(member.times_s),
                "tasks": member.tasks,
                "version": member.version,
                "gap": member.gap,
            }
            for part, model in models.items():
                arrays |= {f"{name}/{part}/{key}": array for key, array in model.arrays.items()}
        arrays["header"] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        try:
            path.write_bytes(buffer.getvalue())
        except OSError as error:
            raise ArcsolveError(f"Cannot write the model file {path}: {error.strerror or error}.") from error

    @staticmethod
    def load(path: Path) -> RouterModel:
        """Read a model file.

        Raises:
            ArcsolveError: if it can't be read, is damaged, or was made for other features.
        """
        remedy = "Train one with: arcsolve ensemble train --runs RUN --output FILE."
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as data:
                arrays = {key: data[key] for key in data.files}
            header = json.loads(arrays.pop("header").tobytes())
            if header["format"] != FORMAT or header["features_version"] != VERSION:
                raise ArcsolveError(f"The router model {path} is of another version. {remedy}")
            members = {name: _member(name, entry, arrays) for name, entry in header["members"].items()}
            trust = Trust.from_json(header["trust"])
            return RouterModel(members, trust, str(header["trained_on"]), str(header["probe"]))
        except OSError as error:
            raise ArcsolveError(f"Cannot read the router model {path}: {error.strerror or error}. {remedy}") from error
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
            raise ArcsolveError(f"{path} is no router model, or it is damaged. {remedy}") from error


def _member(name: str, entry: Mapping[str, Any], arrays: Mapping[str, Any]) -> MemberModel:
    models = {
        part: SuccessModel(
            str(values["kind"]),
            {key.split("/")[2]: array for key, array in arrays.items() if key.split("/")[:2] == [name, part]},
            np.array(values["scale"]),
            float(values["rate"]),
        )
        for part, values in entry["models"].items()
    }
    return MemberModel(
        models["success"],
        models["landmarked"],
        tuple(entry["times_s"]),
        int(entry["tasks"]),
        str(entry["version"]),
        models.get("probed"),
        models.get("answered"),
        Gap(*entry["gap"]) if entry["gap"] else None,
    )


def load_model(name: str) -> RouterModel:
    """Load the model that an option names: ``default`` (shipped, empty if there is none), ``none``, or a path."""
    if name == "none":
        return RouterModel()
    if name == "default":
        shipped = files("arcsolve_ensemble").joinpath("router", "default.npz")
        return RouterModel.load(Path(str(shipped))) if shipped.is_file() else RouterModel()
    return RouterModel.load(Path(name))
