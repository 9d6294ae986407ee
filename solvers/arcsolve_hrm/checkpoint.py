"""A checkpoint: a folder with weights, the network's shape, the tasks behind the rows, and how it was trained.

``config.json`` holds the `HRMConfig`, ``identifiers.json`` says which task each row of the puzzle embedding stands for,
``record.json`` keeps the data hash, the training record and the weight files with their sha256, and the weights lie in
``model-*.safetensors`` shards small enough for a repository.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from arcsolve.errors import ArcsolveError
from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.core import HRM

CONFIG, IDENTIFIERS, RECORD = "config.json", "identifiers.json", "record.json"
SHARD_BYTES = 15 << 20
"""Bytes of weights per file at most; a larger tensor is cut along its first axis."""
_CUT = "#"
"""Separates a cut tensor's name from the number of its part."""


class Identifier(NamedTuple):
    """What one row of the puzzle embedding stands for."""

    name: str
    """The task's name, or the augmented puzzle's in a published table."""
    demo_hash: str = ""
    """`arcsolve_hrm.pairs.demo_hash` of the demonstrations; empty where unknown (published tables)."""


@dataclass(frozen=True)
class Checkpoint:
    """Weights with all that is needed to use and to judge them."""

    config: HRMConfig
    weights: Mapping[str, Tensor]
    identifiers: tuple[Identifier, ...] = ()
    """One per row, in row order; empty where nothing is known about the rows."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """``data_sha256``, ``training`` and whatever else the trainer or the converter wrote down."""

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
    """Write a checkpoint folder, weight files last but one, the record last.

    Args:
        folder: Made if it is not there; weight files of an earlier checkpoint in it are removed.
        checkpoint: What to write.
        dtype: Storage dtype of the weights.

    Returns:
        All files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model-*.safetensors"):
        old.unlink()
    shards = _shards({name: value.detach().to("cpu", dtype) for name, value in checkpoint.weights.items()})
    files = []
    hashes = {}
    for number, shard in enumerate(shards, start=1):
        path = folder / f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, path)
        hashes[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(path)
    record = {**checkpoint.record, "dtype": str(dtype).removeprefix("torch."), "files": hashes}
    texts = {
        CONFIG: checkpoint.config.to_json(),
        IDENTIFIERS: json.dumps([list(row) for row in checkpoint.identifiers], separators=(",", ":")),
        RECORD: json.dumps(record, indent=1),
    }
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
        files.append(folder / name)
    return files


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
    config = HRMConfig.from_dict(_read_json(folder, CONFIG))
    record = _read_json(folder, RECORD)
    identifiers = tuple(Identifier(*row) for row in _read_json(folder, IDENTIFIERS))
    weights: dict[str, Tensor] = {}
    for name, expected in record.get("files", {}).items():
        path = folder / name
        if not path.exists():
            raise ArcsolveError(f"The checkpoint {folder} lacks {name}, which its {RECORD} lists. Copy it again.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            raise ArcsolveError(f"{path} is damaged: its sha256 is not the one in {RECORD}. Copy it again.")
        try:
            weights.update(load_file(path))
        except SafetensorError as error:
            raise ArcsolveError(f"{path} is no safetensors file: {error}.") from error
    weights = _joined(weights)
    check_shapes(weights, config)
    if identifiers and len(identifiers) != config.num_tasks:
        raise ArcsolveError(
            f"{folder / IDENTIFIERS} names {len(identifiers)} rows, the puzzle embedding has {config.num_tasks}."
        )
    return Checkpoint(config, weights, identifiers, record)


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


def _read_json(folder: Path, name: str) -> Any:
    path = folder / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArcsolveError(
            f"{folder} is no HRM checkpoint: {name} is missing. "
            "Published PyTorch files are turned into one by: arcsolve hrm convert FILE FOLDER"
        ) from error
    except json.JSONDecodeError as error:
        raise ArcsolveError(f"{path} is not valid JSON: {error}.") from error


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
    """Keep only some rows of the puzzle table (and their identifiers), in the order given."""
    weights = {**checkpoint.weights, "puzzle_emb.weights": checkpoint.weights["puzzle_emb.weights"][list(rows)]}
    identifiers = tuple(checkpoint.identifiers[row] for row in rows) if checkpoint.identifiers else ()
    return replace(
        checkpoint, config=replace(checkpoint.config, num_tasks=len(rows)), weights=weights, identifiers=identifiers
    )
