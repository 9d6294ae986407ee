"""A checkpoint: a folder with weights, the network's shape, the tasks behind the rows, and how it was trained.

``checkpoint.json`` holds the `HRMConfig`, the name and the demonstrations' hash of the task that each row of the
puzzle embedding stands for, the training record (data hash, recipe, measurements) and the sha256 of the weight files;
the weights lie in ``weights-*.safetensors`` shards small enough for a repository.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.core import HRM
from arcsolve_hrm.errors import ArcsolveError

DESCRIPTION = "checkpoint.json"
SHARD_BYTES = 15 << 20
"""Bytes of weights per file at most; a larger tensor is cut along its first axis."""
_CUT = "#"
"""Separates a cut tensor's name from the number of its part."""


@dataclass(frozen=True)
class Checkpoint:
    """Weights with all that is needed to use and to judge them."""

    config: HRMConfig
    weights: Mapping[str, Tensor]
    names: tuple[str, ...] = ()
    """The task behind each row (``set/id``; in a published table the augmented puzzle); empty where unknown."""
    demo_hashes: tuple[str, ...] = ()
    """Hash of each task's demonstrations, by which a known task is recognised; empty where unknown."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """Data hash, recipe, progress, measurements: whatever the trainer or the converter wrote down."""

    def model(self, *, dtype: str | None = None, device: str = "cpu", for_inference: bool = True) -> HRM:
        """Build the network with these weights.

        Args:
            dtype: Forward dtype (``float32`` or ``bfloat16``); None keeps the config's.
            device: Where to put it.
            for_inference: Cast the weights once to the forward dtype and switch to evaluation; otherwise they become
                float32 masters that are cast at each use, in training mode.

        Returns:
            The network.

        Raises:
            ArcsolveError: If names or shapes disagree with the config.
        """
        config = self.config if dtype is None else replace(self.config, forward_dtype=dtype)
        with torch.device("meta"):
            model = HRM(config)
        check_shapes(self.weights, config)
        kept = model.dtype if for_inference else torch.float32
        states = ("H_init", "L_init")
        weights = {
            name: value.to(device=device, dtype=model.dtype if name in states else kept)
            for name, value in self.weights.items()
        }
        model.load_state_dict(weights, assign=True)
        return model.eval().requires_grad_(False) if for_inference else model.train().requires_grad_()


def check_shapes(weights: Mapping[str, Tensor], config: HRMConfig) -> None:
    """Compare names and shapes with what a configuration asks for.

    Raises:
        ArcsolveError: Naming the first few tensors that are missing, unknown or of another shape.
    """
    with torch.device("meta"):
        expected = {name: tuple(value.shape) for name, value in HRM(config).state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    faults = [f"{name} is missing" for name in sorted(expected.keys() - found.keys())]
    faults += [f"{name} is unknown" for name in sorted(found.keys() - expected.keys())]
    faults += [
        f"{name} has shape {list(found[name])}, the config asks for {list(expected[name])}"
        for name in sorted(expected.keys() & found.keys())
        if expected[name] != found[name]
    ]
    if faults:
        more = f" (and {len(faults) - 4} more)" if len(faults) > 4 else ""
        raise ArcsolveError(f"The weights don't fit the configuration: {'; '.join(faults[:4])}{more}.")


def save_checkpoint(folder: Path, checkpoint: Checkpoint, *, dtype: torch.dtype = torch.bfloat16) -> list[Path]:
    """Write a checkpoint folder, its description last.

    Args:
        folder: Made if it is not there; weight files of an earlier checkpoint in it are removed.
        checkpoint: What to write.
        dtype: Storage dtype of the weights.

    Returns:
        All files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("weights-*.safetensors"):
        old.unlink()
    shards = _shards({name: value.detach().to("cpu", dtype) for name, value in checkpoint.weights.items()})
    files, hashes = [], {}
    for number, shard in enumerate(shards, start=1):
        path = folder / f"weights-{number}-of-{len(shards)}.safetensors"
        save_file(shard, path)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(path)
    description = {
        "config": asdict(checkpoint.config),
        "sha256": hashes,
        "record": checkpoint.record,
        "names": checkpoint.names,
        "demo_hash": checkpoint.demo_hashes,
    }
    path = folder / DESCRIPTION
    path.write_text(json.dumps(description, indent=0) + "\n", encoding="utf-8")
    return [*files, path]


def _shards(weights: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Distribute tensors over files of at most `SHARD_BYTES`, cutting those that are larger."""
    shards: list[dict[str, Tensor]] = [{}]
    room = SHARD_BYTES
    for name, value in weights.items():
        size = value.numel() * value.element_size()
        count = -(-size // SHARD_BYTES)
        parts = value.chunk(count) if count > 1 else (value,)
        for number, part in enumerate(parts):
            part_size = part.numel() * part.element_size()
            if part_size > room and shards[-1]:
                shards.append({})
                room = SHARD_BYTES
            shards[-1][f"{name}{_CUT}{number}" if len(parts) > 1 else name] = part.contiguous().clone()
            room -= part_size
    return shards


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a checkpoint folder.

    Args:
        folder: As written by `save_checkpoint`.

    Returns:
        The checkpoint, weights on the CPU in their storage dtype.

    Raises:
        ArcsolveError: If a file is missing, damaged, or shapes disagree with the config.
    """
    description = read_description(folder)
    config = HRMConfig.from_dict(description["config"])
    weights: dict[str, Tensor] = {}
    for name, expected in description["sha256"].items():
        path = folder / name
        if not path.exists():
            raise ArcsolveError(f"The checkpoint {folder} lacks {name}, which its {DESCRIPTION} lists. Copy it again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ArcsolveError(f"{path} is damaged: its sha256 is not the one in {DESCRIPTION}. Copy it again.")
        try:
            weights.update(load_file(path))
        except SafetensorError as error:
            raise ArcsolveError(f"{path} is no safetensors file: {error}.") from error
    weights = _joined(weights)
    check_shapes(weights, config)
    names, hashes = tuple(description.get("names", ())), tuple(description.get("demo_hash", ()))
    for what, rows in (("names", names), ("demo_hash", hashes)):
        if rows and len(rows) != config.num_tasks:
            raise ArcsolveError(
                f"{folder / DESCRIPTION}: {what!r} has {len(rows)} rows, the puzzle embedding {config.num_tasks}."
            )
    return Checkpoint(config, weights, names, hashes, description.get("record", {}))


def _joined(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Put the parts of cut tensors together again."""
    parts: dict[str, dict[int, Tensor]] = {}
    for name, value in weights.items():
        base, _, number = name.partition(_CUT)
        parts.setdefault(base, {})[int(number or 0)] = value
    return {
        base: torch.cat([pieces[number] for number in sorted(pieces)]) if len(pieces) > 1 else pieces[min(pieces)]
        for base, pieces in parts.items()
    }


def read_description(folder: Path) -> dict[str, Any]:
    """Read what stands beside the weights, without the weights.

    Raises:
        ArcsolveError: If there is no description, or it can't be read.
    """
    path = folder / DESCRIPTION
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArcsolveError(
            f"{folder} is no HRM checkpoint: {DESCRIPTION} is missing. "
            "Published PyTorch files are turned into one by: arcsolve hrm convert FILE FOLDER"
        ) from error
    except json.JSONDecodeError as error:
        raise ArcsolveError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(description, dict) or not {"config", "sha256"} <= description.keys():
        raise ArcsolveError(f"{path} is no description of a checkpoint: it lacks 'config' or 'sha256'.")
    return description


def parameter_counts(weights: Mapping[str, Tensor]) -> dict[str, int]:
    """Count parameters: ``network`` (all but tables and initial states), ``tables``, ``states``."""
    counts = {"network": 0, "tables": 0, "states": 0}
    for name, value in weights.items():
        kind = "states" if name.endswith("_init") else "tables" if name.endswith("_emb.weights") else "network"
        counts[kind] += value.numel()
    return counts


def mean_row(table: Tensor) -> Tensor:
    """The mean of a puzzle table as a table of one row: what TRM gives an unknown puzzle. [N, d] -> [1, d]."""
    return table.to(torch.float32).mean(dim=0, keepdim=True)


def with_rows(checkpoint: Checkpoint, rows: Sequence[int]) -> Checkpoint:
    """Keep only some rows of the puzzle table (with what is known of them), in the order given."""
    table = checkpoint.weights["puzzle_emb.weights"][list(rows)]
    return replace(
        checkpoint,
        config=replace(checkpoint.config, num_tasks=len(rows)),
        weights={**checkpoint.weights, "puzzle_emb.weights": table},
        names=tuple(checkpoint.names[row] for row in rows) if checkpoint.names else (),
        demo_hashes=tuple(checkpoint.demo_hashes[row] for row in rows) if checkpoint.demo_hashes else (),
    )
