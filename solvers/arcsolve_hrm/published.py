"""Reads the files that the public HRM and TRM training code writes, and turns them into checkpoints of ours.

What such a file does not say (number of heads, cycles, prefix length) comes from the ``all_config.yaml`` that the
training code leaves beside it, else from the family's published settings.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import load_file
from torch import Tensor

from arcsolve_hrm.checkpoint import Checkpoint, check_shapes, mean_row, with_rows
from arcsolve_hrm.config import PRESETS, HRMConfig
from arcsolve_hrm.errors import ArcsolveError
from arcsolve_hrm.transforms import IDENTITY, parse_name

Table = Literal["all", "originals", "mean"]
PREFIXES = ("_orig_mod.model.inner.", "model.inner.", "inner.", "")
"""Where the network sits in a state dict: saved with torch.compile, without, the bare network, or already stripped."""
BLANK = "<blank>"


@dataclass(frozen=True)
class Overrides:
    """What the caller knows better than file and defaults; None leaves it to them."""

    num_heads: int | None = None
    h_cycles: int | None = None
    l_cycles: int | None = None
    puzzle_emb_len: int | None = None
    halt_max_steps: int | None = None


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a published state dict, strip the prefix of its names.

    Args:
        path: A PyTorch file (read without running code in it) or a safetensors file.

    Returns:
        Tensors under the names that `arcsolve_hrm.core.HRM` uses.

    Raises:
        ArcsolveError: If the file can't be read, or holds no HRM.
    """
    if not path.is_file():
        raise ArcsolveError(f"There is no file {path}. Give the checkpoint file itself, e.g. step_518071.")
    try:
        if path.suffix == ".safetensors":
            raw: Any = load_file(path)
        else:
            raw = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (RuntimeError, pickle.UnpicklingError, OSError) as error:
        raise ArcsolveError(f"{path} can't be read as a PyTorch checkpoint: {str(error).splitlines()[0]}") from error
    if not isinstance(raw, Mapping) or not all(isinstance(value, Tensor) for value in raw.values()):
        raise ArcsolveError(f"{path} holds no state dict (a mapping of names to tensors).")
    for prefix in PREFIXES:
        if f"{prefix}embed_tokens.embedding_weight" in raw:
            inside = {name: value for name, value in raw.items() if name.startswith(prefix)}
            return {name.removeprefix(prefix): value for name, value in inside.items() if not _is_scratch(name)}
    raise ArcsolveError(
        f"{path} is no HRM or TRM: no tensor is called embed_tokens.embedding_weight "
        f"under any of the prefixes {', '.join(repr(prefix) for prefix in PREFIXES)}."
    )


def _is_scratch(name: str) -> bool:
    """Tell tables and buffers that the training code may save but that carry nothing."""
    return name.endswith(("local_weights", "local_ids", "cos_cached", "sin_cached"))


def infer_config(
    weights: Mapping[str, Tensor], told: Mapping[str, Any] | None = None, overrides: Overrides | None = None
) -> HRMConfig:
    """Derive the configuration from shapes, from the reference's own settings, and from the caller.

    Args:
        weights: From `read_weights`.
        told: The ``arch`` section of ``all_config.yaml``.
        overrides: What the caller knows.

    Returns:
        A canvas configuration whose shapes fit the weights.

    Raises:
        ArcsolveError: If the file is a kind of network that the canvas layout does not have.
    """
    if any(".mlp_t." in name for name in weights):
        raise ArcsolveError(
            "This TRM mixes tokens with mlp_t instead of attention (the Sudoku variant, bound to one board size). "
            "Only the attention variant, which the ARC models use, is supported."
        )
    told = told or {}
    given = {} if overrides is None else {k: v for k, v in vars(overrides).items() if v is not None}
    h_layers, l_layers = (_count_layers(weights, role) for role in ("H", "L"))
    base = PRESETS["hrm-27m" if h_layers else "trm-7m"]
    vocab_size, hidden_size = weights["embed_tokens.embedding_weight"].shape
    inner_size = weights["L_level.layers.0.mlp.down_proj.weight"].shape[1]
    table = weights.get("puzzle_emb.weights")
    config = replace(
        base,
        vocab_size=vocab_size,
        hidden_size=hidden_size,
        h_layers=h_layers,
        l_layers=l_layers,
        num_heads=told.get("num_heads", max(1, hidden_size // 64)),
        h_cycles=told.get("H_cycles", base.h_cycles),
        l_cycles=told.get("L_cycles", base.l_cycles),
        puzzle_emb_len=told.get("puzzle_emb_len", base.puzzle_emb_len),
        halt_max_steps=told.get("halt_max_steps", base.halt_max_steps),
        no_act_continue=told.get("no_ACT_continue", base.no_act_continue),
        rope_theta=told.get("rope_theta", base.rope_theta),
        rms_norm_eps=told.get("rms_norm_eps", base.rms_norm_eps),
        forward_dtype=told.get("forward_dtype", base.forward_dtype),
        num_tasks=1 if table is None else table.shape[0],
        **({} if told.get("seq_len") is None else {"seq_len": told["seq_len"]}),
    )
    config = replace(config, **given)
    if config.inner_size != inner_size:
        config = replace(config, expansion=float(Fraction(3 * inner_size, 2 * hidden_size)))
    if config.hidden_size % config.num_heads:
        raise ArcsolveError(f"{config.num_heads} heads don't divide the hidden size {hidden_size}. Give --heads.")
    return config


def _count_layers(weights: Mapping[str, Tensor], role: str) -> int:
    prefix = f"{role}_level.layers."
    return len({name.removeprefix(prefix).split(".")[0] for name in weights if name.startswith(prefix)})


def read_arch(path: Path) -> dict[str, Any]:
    """Read the ``arch`` section of an ``all_config.yaml``.

    Raises:
        ArcsolveError: If PyYAML is missing or the file is no such configuration.
    """
    try:
        import yaml
    except ImportError as error:
        raise ArcsolveError(
            f"Reading {path} needs PyYAML, which is not installed. Run: pip install pyyaml, "
            "or give --heads, --h-cycles, --l-cycles and --prefix yourself."
        ) from error
    try:
        arch = yaml.safe_load(path.read_text(encoding="utf-8"))["arch"]
    except (yaml.YAMLError, TypeError, KeyError, OSError) as error:
        raise ArcsolveError(f"{path} has no section 'arch' as the public training code writes it.") from error
    return {str(name): value for name, value in arch.items()}


def read_identifiers(path: Path) -> list[str]:
    """Read an ``identifiers.json``: a list from row to the augmented puzzle's name, row 0 blank.

    Raises:
        ArcsolveError: If it is no list of names.
    """
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ArcsolveError(f"{path} can't be read as JSON: {error}.") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ArcsolveError(f"{path} is no list of puzzle names.")
    return names


def convert(
    path: Path,
    *,
    arch: Path | None = None,
    identifiers: Path | None = None,
    table: Table = "originals",
    overrides: Overrides | None = None,
) -> Checkpoint:
    """Turn a published file into a checkpoint.

    Args:
        path: The published file.
        arch: Its ``all_config.yaml``; None looks beside the file.
        identifiers: Its data set's ``identifiers.json``; without one the rows mean nothing, so only their mean is kept.
        table: Rows of the puzzle table to keep: ``all`` augmented puzzles (2 GB for ARC-2), the ``originals`` (the
            tasks themselves), or the ``mean`` row.
        overrides: What the caller knows better.

    Returns:
        The checkpoint; ``record`` says where it comes from and which rows were kept.

    Raises:
        ArcsolveError: If something can't be read or shapes disagree.
    """
    weights = read_weights(path)
    beside = path.parent / "all_config.yaml"
    arch = arch if arch is not None else beside if beside.exists() else None
    config = infer_config(weights, None if arch is None else read_arch(arch), overrides)
    if "puzzle_emb.weights" not in weights:
        weights["puzzle_emb.weights"] = torch.zeros(1, config.hidden_size)
    check_shapes(weights, config)
    checkpoint = Checkpoint(config, weights)
    rows = weights["puzzle_emb.weights"].shape[0]
    names = read_identifiers(identifiers) if identifiers is not None else None
    if names is not None and len(names) != rows:
        raise ArcsolveError(
            f"{identifiers} names {len(names)} puzzles, but the table in {path} has {rows} rows. The data set was "
            "built anew with another seed; only its own identifiers.json fits (without one the mean row is kept)."
        )
    kept: Table = table if names is not None else "mean"
    if names is None or kept == "mean":
        mean = mean_row(weights["puzzle_emb.weights"])
        weights = {**weights, "puzzle_emb.weights": mean}
        checkpoint = Checkpoint(replace(config, num_tasks=1), weights, ("<mean>",))
    else:
        checkpoint = replace(checkpoint, names=tuple(names))
        if kept == "originals":
            originals = [row for row, name in enumerate(names) if name != BLANK and parse_name(name)[1] == IDENTITY]
            checkpoint = with_rows(checkpoint, originals)
    record = {
        "family": "trm" if config.share_hl else "hrm",
        "source": path.name,
        "source_sha256": _file_sha256(path),
        "settings_from": None if arch is None else arch.name,
        "table": kept,
        "table_rows_in_source": rows,
        "data_sha256": None,
        "training": {"by": "the public training code; not trained by arcsolve"},
    }
    return replace(checkpoint, record=record)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
