"""Weights on disk: bfloat16 safetensors in shards under 16 MiB, with config, task rows, data hash, training record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.core import HRM

SHARD_BYTES = 15 * 2**20


class Checkpoint(NamedTuple):
    """Weights and what stands beside them."""

    model: HRM
    names: list[str]
    """Task of each row of the puzzle embedding, ``set/id``."""
    demo_hash: list[str]
    """Hash of each task's demonstrations: how a known task is recognised."""
    record: dict[str, Any]
    """Data hash, recipe, progress, measurements."""


def save_shards(
    folder: Path, model: HRM, names: list[str], demo_hash: list[str], record: dict[str, Any], dtype: torch.dtype
) -> list[Path]:
    """Write a checkpoint folder.

    Args:
        folder: Made if missing; older shards in it are removed.
        model: The network.
        names: Task of each puzzle row.
        demo_hash: Hash of each task's demonstrations.
        record: Data hash, recipe, measurements.
        dtype: Of the stored weights.

    Returns:
        The files.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("weights-*.safetensors"):
        old.unlink()
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in model.state_dict().items():
        stored = tensor.detach().to("cpu", dtype).contiguous()
        if size + stored.nbytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = stored
        size += stored.nbytes
    files = []
    digests = {}
    for index, shard in enumerate(shards):
        path = folder / f"weights-{index + 1}-of-{len(shards)}.safetensors"
        save_file(shard, path)
        digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(path)
    description = {
        "config": json.loads(model.config.to_json()),
        "sha256": digests,
        "record": record,
        "names": names,
        "demo_hash": demo_hash,
    }
    path = folder / "checkpoint.json"
    path.write_text(json.dumps(description, indent=0))
    return [*files, path]


def load_shards(folder: Path, device: torch.device | str = "cpu", forward_dtype: str | None = None) -> Checkpoint:
    """Read a checkpoint folder.

    Args:
        folder: Written by :func:`save_shards`.
        device: Where to put the model.
        forward_dtype: Overrides the dtype of activations, e.g. ``float32``.

    Returns:
        The model in evaluation mode, float32 master weights.

    Raises:
        ValueError: If a shard is missing or damaged.
    """
    from safetensors.torch import load_file

    description = json.loads((folder / "checkpoint.json").read_text())
    values = dict(description["config"])
    if forward_dtype:
        values["forward_dtype"] = forward_dtype
    model = HRM(HRMConfig.from_dict(values))
    state: dict[str, Tensor] = {}
    for name, digest in description["sha256"].items():
        path = folder / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise ValueError(f"{path} is missing or damaged: its SHA-256 is not the recorded one. Install it again.")
        state |= load_file(path)
    model.load_state_dict({name: tensor.to(torch.float32) for name, tensor in state.items()})
    return Checkpoint(model.to(device).eval(), description["names"], description["demo_hash"], description["record"])
