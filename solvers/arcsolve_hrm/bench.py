"""Measuring before training: the parts of a step, short runs side by side, and whether the GPU kernels are right."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.decode import Cache, Slots
from arcsolve_hrm.layers import Packing, packed_attention
from arcsolve_hrm.loss import batch_loss
from arcsolve_hrm.pairs import PairSet
from arcsolve_hrm.recipe import Recipe
from arcsolve_hrm.train import Trainer


def attention_errors(device: torch.device) -> dict[str, float]:
    """Compare packed and ragged attention with the plain float32 computation, document by document.

    Args:
        device: Where to compute, in bfloat16.

    Returns:
        Relative error (Frobenius norm) of packed output, of its gradient, and of a decoding step.
    """

    def error(mine: Tensor, reference: Tensor) -> float:
        return float((mine.float() - reference).norm() / reference.norm())

    lengths = [5, 130, 1, 257, 64]
    bounds = [0, *torch.tensor(lengths).cumsum(0).tolist()]
    starts = torch.tensor([*bounds, *[bounds[-1]] * 3], dtype=torch.int32, device=device)
    parts = [torch.randn(bounds[-1], 4, 64, device=device, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
    weight = torch.randn(bounds[-1], 4, 64, device=device)
    out = packed_attention(parts[0], parts[1], parts[2], Packing(starts, 300))
    gradient = torch.autograd.grad((out.float() * weight).sum(), parts[1])[0]
    wide = [part.detach().float().requires_grad_() for part in parts]
    pieces = []
    for begin, length in zip(bounds, lengths, strict=False):
        q, k, v = (part[begin : begin + length].transpose(0, 1)[None] for part in wide)
        pieces.append(F.scaled_dot_product_attention(q, k, v, is_causal=True)[0].transpose(0, 1))
    plain = torch.cat(pieces)
    plain_gradient = torch.autograd.grad((plain * weight).sum(), wide[1])[0]
    slots = Slots(torch.tensor(lengths, device=device), 300)
    cache = Cache(slots)
    first = [torch.randn(5, 257, 4, 64, device=device, dtype=torch.bfloat16) for _ in range(3)]
    cache.attend(*first)
    new = [torch.randn(5, 1, 4, 64, device=device, dtype=torch.bfloat16) for _ in range(3)]
    stepped = cache.attend(*new)
    rows = []
    for row, length in enumerate(lengths):
        keys, values = (torch.cat((first[i][row, :length], new[i][row])).float().transpose(0, 1) for i in (1, 2))
        rows.append(F.scaled_dot_product_attention(new[0][row].float().transpose(0, 1), keys, values).transpose(0, 1))
    return {
        "packed_error": error(out.detach(), plain.detach()),
        "packed_gradient_error": error(gradient, plain_gradient),
        "ragged_error": error(stepped, torch.stack(rows)),
    }


def bench(trainer: Trainer, steps: int = 30) -> dict[str, float]:
    """Time the parts of a training step; the run's state is spoilt afterwards.

    Args:
        trainer: A fresh trainer.
        steps: Repetitions of each part.

    Returns:
        Milliseconds of batch building, forward and backward, both optimisers, a whole step; tokens per second; share of
        790 TFLOP/s that 6 x parameters x tokens make; compile seconds; peak memory in GiB.
    """

    def wait() -> float:
        if trainer.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def timed(work: Callable[[], object]) -> float:
        began = wait()
        for _ in range(steps):
            work()
        return 1000 * (wait() - began) / steps

    began = wait()
    trainer.step()
    compile_s = wait() - began
    for _ in range(3):
        trainer.step()
    result = {"compile_s": compile_s, "batch_ms": timed(trainer._next_batch)}
    batch = trainer._next_batch()
    result["forward_backward_ms"] = timed(lambda: batch_loss(trainer.model, batch, trainer.recipe))
    result["muon_ms"] = timed(lambda: trainer.muon.step(0.0))
    result["adam_ms"] = timed(lambda: trainer.adam.step())
    trainer.model.zero_grad(set_to_none=True)
    result["step_ms"] = timed(trainer.step)
    tokens = trainer.recipe.row_tokens * trainer.recipe.accumulate
    result["tokens_per_s"] = 1000 * tokens / result["step_ms"]
    size = sum(p.numel() for p in trainer.muon.parameters)
    result["of_790_tflops"] = 6 * size * result["tokens_per_s"] / 790e12
    if trainer.device.type == "cuda":
        result["memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
    return result


def sweep(
    pairs: PairSet,
    config: HRMConfig,
    recipe: Recipe,
    variants: Sequence[dict[str, Any]],
    seconds: float,
    device: torch.device,
    compiled: bool,
    say: Callable[[str], None],
    export: Path | None = None,
) -> list[dict[str, Any]]:
    """Train short complete runs (warm-up, plateau, decay), one after another, and compare them on held-out pairs.

    Args:
        pairs: Training data.
        config: Shape of the network.
        recipe: Shared settings.
        variants: Changes per run: fields of the recipe, or of the configuration.
        seconds: Training time of each.
        device: Where.
        compiled: Whether to compile.
        say: Takes progress lines.
        export: Where to write the best run's shards.

    Returns:
        Per run: its changes, steps, and the last measurements; by held-out loss.
    """
    results: list[dict[str, Any]] = []
    for variant in variants:
        shape = {name: value for name, value in variant.items() if hasattr(config, name)}
        rest = {name: value for name, value in variant.items() if name not in shape}
        with tempfile.TemporaryDirectory() as folder:
            short = replace(recipe, **rest, total_minutes=seconds / 60, steps=0)
            trainer = Trainer(Path(folder), pairs, replace(config, **shape), short, device, compiled, lambda _: None)
            losses: list[Tensor] = []
            trainer.step()
            began = time.perf_counter()
            while trainer.done < 1.0:
                losses = [*losses[-99:], trainer.step()]
                if trainer.progress.step % 10 == 0:
                    losses[-1].item()
                trainer.progress.seconds = time.perf_counter() - began
            result = {**variant, "steps": trainer.progress.step, "loss": float(torch.stack(losses).mean())}
            result |= trainer.measure()
            say(" ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in result.items()))
            if export is not None and all(result["held_loss"] < other["held_loss"] for other in results):
                trainer.export(export)
            results.append(result)
    return sorted(results, key=lambda result: float(result["held_loss"]))
