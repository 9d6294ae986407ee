"""The solver plugin: known tasks by their row, unseen ones by test-time training or not at all, answers by voting.

A task is *known* when its demonstrations are those of a row of the checkpoint's puzzle embedding (the protocol of HRM,
TRM and mdlARC: demonstrations of the evaluation tasks are trained on, their test outputs never). Any other task is
*unseen*. Explanations say which of the two an answer belongs to, so that the two can be reported apart.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arcsolve
from arcsolve_hrm.options import HrmOptions

if TYPE_CHECKING:
    from arcsolve_hrm.serving import Server

SHIPPED = Path(__file__).parent / "weights"
"""Holds a checkpoint, or one folder per checkpoint."""
MAX_SIDE = 30
MARGIN_S = 0.25
"""Kept back before the deadline, as a pass through the network can't be interrupted; see `margin_s`."""


class HrmSolver(arcsolve.Solver):
    """Hierarchical Reasoning Model: two recurrent modules, votes over augmented views."""

    name = "hrm"
    version = "1"
    resources = arcsolve.Resources(threads=0, memory_mb=2048, gpu=True, preload=("torch",))

    class Options(HrmOptions):
        """Options of the HRM solver."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        require_torch()
        self._server: Server | None = None

    @classmethod
    def warm_up(cls, options: Any) -> None:
        """Say at once, in the parent process, that torch or the checkpoint is missing."""
        require_torch()
        checkpoint_folder(options.checkpoint)

    def prepare(self, challenges: Sequence[arcsolve.Challenge], budget: arcsolve.Budget) -> None:
        """Load the checkpoint."""
        self._serve(budget.device)

    def _serve(self, device: str) -> Server:
        if self._server is None or self._server.device != device:
            from arcsolve_hrm.serving import Server

            self._server = Server(checkpoint_folder(self.options.checkpoint), self.options, device)
        return self._server

    def solve(self, challenge: arcsolve.Challenge, budget: arcsolve.Budget) -> Iterator[arcsolve.Candidate]:
        """Yield the best answers after every batch of views, at the end once more with their explanation."""
        refuse_large(challenge)
        deadline = budget.deadline - margin_s(budget.timeout_s)
        yield from self._serve(budget.device).answers(challenge, budget, deadline)

    def score(self, challenge: arcsolve.Challenge, index: int, grids: Sequence[arcsolve.Grid]) -> list[float] | None:
        """Log-probability of each grid, for a known task; None for an unseen one or one that does not fit."""
        sides = [side for grid in (*grids, *_all_grids(challenge)) for side in grid.shape]
        if not grids or max(sides) > MAX_SIDE:
            return None
        return self._serve("cpu" if self._server is None else self._server.device).score(challenge, index, grids)

    def close(self) -> None:
        """Drop the network."""
        self._server = None


def margin_s(timeout_s: float) -> float:
    """Return the seconds to keep back of a time limit: `MARGIN_S`, but at least 5 % and at most 15 % of it."""
    return min(max(MARGIN_S, 0.05 * timeout_s), 0.15 * timeout_s)


def require_torch() -> None:
    """Check for the packages of the ``hrm`` extra.

    Raises:
        ArcsolveError: If torch or safetensors is missing, with what to run.
    """
    for package in ("torch", "safetensors"):
        if importlib.util.find_spec(package) is None:
            raise arcsolve.ArcsolveError(
                f"Solver 'hrm' needs {package}, which is not installed. Run: pip install 'arcsolve[hrm]'."
            )


def shipped_checkpoints() -> dict[str, Path]:
    """Name the checkpoints in the package, the largest one (the default) first."""
    folders = [path.parent for path in (*SHIPPED.glob("checkpoint.json"), *SHIPPED.glob("*/checkpoint.json"))]

    def weight(folder: Path) -> int:
        return sum(file.stat().st_size for file in folder.glob("*.safetensors"))

    return {folder.name: folder for folder in sorted(folders, key=lambda folder: (-weight(folder), folder.name))}


def checkpoint_folder(option: str) -> Path:
    """Find the checkpoint that the option names, or the default one of the package.

    Args:
        option: A folder, the name of a shipped checkpoint, or empty.

    Raises:
        ArcsolveError: If there is none.
    """
    shipped = shipped_checkpoints()
    if option in shipped:
        return shipped[option]
    if option:
        folder = Path(option).expanduser()
        if (folder / "checkpoint.json").is_file():
            return folder
        raise arcsolve.ArcsolveError(
            f"Option hrm.checkpoint: {folder} is no checkpoint folder (it has no checkpoint.json), nor one of the "
            f"package's: {', '.join(shipped) or 'it has none'}. "
            "Make one with: arcsolve hrm train … --export FOLDER, or arcsolve hrm convert FILE FOLDER."
        )
    if not shipped:
        raise arcsolve.ArcsolveError(
            "This installation has no HRM checkpoint in the package. Give one: -o hrm.checkpoint=FOLDER."
        )
    return next(iter(shipped.values()))


def refuse_large(challenge: arcsolve.Challenge) -> None:
    """Decline what does not fit on the model's 30x30.

    Raises:
        Abstain: Naming the first grid that is too large.
    """
    for grid in _all_grids(challenge):
        height, width = grid.shape
        if max(height, width) > MAX_SIDE:
            raise arcsolve.Abstain(f"a grid is {height}x{width}; the model takes at most {MAX_SIDE}x{MAX_SIDE}")


def _all_grids(challenge: arcsolve.Challenge) -> list[arcsolve.Grid]:
    pairs = [grid for pair in challenge.train for grid in (pair.input, pair.output)]
    return [*pairs, *challenge.test_inputs]
