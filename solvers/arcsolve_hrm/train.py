"""Training of the sequence layout: packed rows, deep supervision, NorMuon and AdamW, a schedule that follows the clock.

A run is a folder. The same command continues it from its last checkpoint; ``--minutes`` bounds this call,
``--total-minutes`` (or ``--steps``) the whole run, and the learning rate follows the share of the whole that is done,
so that the decay always fits into the time there is.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from arcsolve_hrm.batches import Batch, Plan, TokenStore
from arcsolve_hrm.checkpoint import Checkpoint, save_checkpoint
from arcsolve_hrm.config import HRMConfig
from arcsolve_hrm.core import HRM
from arcsolve_hrm.errors import ArcsolveError
from arcsolve_hrm.events import EventWriter
from arcsolve_hrm.exchange import allowed_by_task
from arcsolve_hrm.guards import Guards, TrainingStoppedError, channel_ratio
from arcsolve_hrm.loss import batch_loss
from arcsolve_hrm.measure import held_out
from arcsolve_hrm.optim import NorMuon, other_parameters
from arcsolve_hrm.pairs import HELD_OUT, TRAIN, PairSet
from arcsolve_hrm.passes import compile_passes
from arcsolve_hrm.recipe import Recipe, chosen, schedule


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    epoch: int = 0
    row: int = 0
    seconds: float = 0.0
    scale: float = 1.0
    """Factor on the learning rates; halved by each roll-back."""
    rollbacks: int = 0


class Trainer:
    """One run: model, optimisers, data on the device, and the folder that remembers it all.

    Args:
        folder: The run's folder; made if missing, continued if it holds a checkpoint.
        pairs: Training data.
        config: Shape of the network; rows of the puzzle table are set from the data.
        recipe: How to train.
        device: Where.
        compiled: Whether to compile blocks and optimiser.
        say: Takes progress lines.
        workers: Threads that share the rows of a step (CPU; with one torch thread each they need no barrier per
            operation, which on a busy machine makes them many times faster than torch's own threads).
    """

    def __init__(
        self,
        folder: Path,
        pairs: PairSet,
        config: HRMConfig,
        recipe: Recipe,
        device: torch.device,
        compiled: bool = False,
        say: Callable[[str], None] = print,
        workers: int = 1,
    ) -> None:
        if not recipe.total_minutes and not recipe.steps:
            raise ValueError("A run needs a length: give --total-minutes or --steps.")
        self.folder, self.recipe, self.device, self.say = folder, recipe, device, say
        self._workers = ThreadPoolExecutor(workers, initializer=partial(torch.set_num_threads, 1))
        self._parallel = workers > 1
        folder.mkdir(parents=True, exist_ok=True)
        config = replace(config, num_tasks=len(pairs.names), halt_max_steps=recipe.segments)
        torch.manual_seed(recipe.seed)
        self.model = HRM(config).to(device)
        self.data_hash = pairs.content_hash()
        self.names, self.demo_hash = pairs.names.tolist(), pairs.demo_hash.tolist()
        if recipe.augment not in ("all", "auto"):
            raise ArcsolveError(f"--augment is 'all' or 'auto', not {recipe.augment!r}.")
        self.allowed = allowed_by_task(pairs) if recipe.augment == "auto" else None
        store = partial(
            TokenStore, pairs, device=device, legend=recipe.legend, ahead=recipe.ahead, allowed=self.allowed
        )
        self.train_store = store(chosen(pairs, TRAIN, recipe))
        held = chosen(pairs, HELD_OUT, recipe)
        self.held_store = store(held) if len(held) else None
        self.muon = NorMuon(self.model, compiled=compiled)
        self.adam = torch.optim.AdamW(
            other_parameters(self.model),
            lr=recipe.adam_rate,
            betas=(0.9, 0.95),
            eps=1e-10,
            fused=device.type == "cuda",
        )
        self.average = [p.detach().clone() for p in self.model.parameters()] if recipe.ema else []
        self.progress = Progress()
        self._plan: Plan | None = None
        self._snapshot: dict[str, Any] | None = None
        self._typical = 0.0
        self._guards = Guards()
        self._watch_every = 100
        self.channel = 1.0
        self._events: EventWriter | None = None
        if (folder / "checkpoint.pt").exists():
            self._restore(torch.load(folder / "checkpoint.pt", map_location=device, weights_only=True))
            say(f"continuing {folder.name} at step {self.progress.step}, {self.progress.seconds / 60:.1f} minutes")
        if compiled and device.type == "cpu":
            compile_passes()
        elif compiled:
            for module in {self.model.L_level, self.model.high_level}:
                for layer in module.layers:
                    layer.compile(fullgraph=True, dynamic=False)

    @property
    def done(self) -> float:
        """Share of the run behind us."""
        recipe, progress = self.recipe, self.progress
        share = progress.step / recipe.steps if recipe.steps else progress.seconds / (60 * recipe.total_minutes)
        return min(share, 1.0)

    def _state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "average": self.average,
            "progress": asdict(self.progress),
            "typical": self._typical,
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        for mine, saved in zip(self.average, state["average"], strict=True):
            mine.copy_(saved)
        self.progress = Progress(**state["progress"])
        self._typical = state["typical"]
        torch.set_rng_state(state["random"].cpu())
        if state["random_cuda"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"].cpu(), self.device)
        self._plan = None

    def save(self) -> None:
        """Write the checkpoint, replacing the last one only when the new one is complete."""
        partial = self.folder / "checkpoint.partial"
        torch.save(self._state(), partial)
        partial.replace(self.folder / "checkpoint.pt")

    def export(self, folder: Path) -> None:
        """Write bfloat16 shards of the averaged weights where there are any, else of the weights.

        Args:
            folder: The checkpoint folder.
        """
        model = self.model
        kept = [p.detach().clone() for p in model.parameters()] if self.average else []
        with torch.no_grad():
            for p, mean in zip(model.parameters(), self.average, strict=False):
                p.copy_(mean)
        record: dict[str, Any] = {
            "recipe": asdict(self.recipe),
            "progress": asdict(self.progress),
            "data_hash": self.data_hash,
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu",
        }
        if self.allowed is not None:
            record["allowed"] = [allowed.to_record() for allowed in self.allowed]
        trained = set(self.train_store.tasks.tolist())
        # A row that no pair of the recipe reached is as good as unknown.
        hashes = tuple(name if row in trained else "" for row, name in enumerate(self.demo_hash))
        stored = Checkpoint(model.config, model.state_dict(), tuple(self.names), hashes, record)
        save_checkpoint(folder, stored)
        with torch.no_grad():
            for p, mine in zip(model.parameters(), kept, strict=False):
                p.copy_(mine)

    def _next_batch(self) -> Batch:
        recipe, progress = self.recipe, self.progress
        if self._plan is None:
            self._plan = self.train_store.epoch(
                recipe.seed, progress.epoch, recipe.row_tokens, recipe.documents, recipe.turned, recipe.recoloured
            )
        # A run that goes on with other pairs may find its epoch shorter than it was.
        progress.row %= len(self._plan.used)
        batch = self.train_store.batch(self._plan, progress.row, recipe.row_tokens)
        progress.row += 1
        if progress.row == len(self._plan.used):
            progress.row, progress.epoch, self._plan = 0, progress.epoch + 1, None
        return batch

    def step(self) -> Tensor:
        """Take one optimiser step.

        Returns:
            The mean loss (on the device: reading it waits for the device).
        """
        recipe = self.recipe
        factor = schedule(self.done, recipe) * self.progress.scale
        self.model.train()
        batches = [self._next_batch() for _ in range(recipe.accumulate)]
        run = partial(batch_loss, self.model, recipe=recipe)
        losses = [part for part, _ in (self._workers.map(run, batches) if self._parallel else map(run, batches))]
        loss = torch.stack(losses).mean()
        rest = [p for group in self.adam.param_groups for p in group["params"] if p.grad is not None]
        torch.nn.utils.clip_grad_norm_(rest, recipe.clip)
        for group in self.adam.param_groups:
            group["lr"] = recipe.adam_rate * factor
        self.adam.step()
        if self.progress.step % self._watch_every == 0:
            self.channel = channel_ratio(self.model.L_level, self.model.high_level)
            self._guards.channel(self.channel)
        if self._parallel:
            self.muon.step(recipe.learning_rate * factor, self._workers, recipe.accumulate)
        else:
            self.muon.step(recipe.learning_rate * factor)
        self.model.zero_grad(set_to_none=True)
        if self.average:
            with torch.no_grad():
                torch._foreach_lerp_(self.average, [p.detach() for p in self.model.parameters()], 1 - recipe.ema)
        self.progress.step += 1
        return loss

    def _guard(self, loss: float) -> None:
        """Roll back to the last good state when the loss explodes; give up after five times."""
        if math.isfinite(loss) and (not self._typical or loss < 3 * self._typical + 0.5):
            self._typical = 0.9 * self._typical + 0.1 * loss if self._typical else loss
            return
        if self._snapshot is None or self.progress.rollbacks >= 5:
            raise TrainingStoppedError(f"loss {loss:.3f} at step {self.progress.step}, usually {self._typical:.3f}")
        seconds, rollbacks, scale = self.progress.seconds, self.progress.rollbacks + 1, self.progress.scale / 2
        self._restore(self._snapshot)
        self.progress.seconds, self.progress.rollbacks, self.progress.scale = seconds, rollbacks, scale
        self.say(f"loss {loss:.3f}: back to step {self.progress.step} with half the learning rate")

    def _watch_collapse(self, measured: dict[str, Any]) -> None:
        """Ask the guard, once the first tenth of the run is over: a young network predicts the background."""
        if "one_colour" in measured and self.done > 0.1:
            self._guards.collapse(measured)

    def _log(self, record: dict[str, Any]) -> None:
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        (self.folder / "status.json").write_text(json.dumps(record, indent=1))
        if self._events is None:
            self._events = EventWriter(self.folder)
        self._events.scalars(record["step"], {k: float(v) for k, v in record.items() if k != "step"})
        self.say(" ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in record.items()))

    def measure(self) -> dict[str, float]:
        """Evaluate on the held-out pairs with the averaged weights where there are any."""
        if self.held_store is None:
            return {}
        parameters = list(self.model.parameters())
        kept = [p.detach().clone() for p in parameters] if self.average else []
        with torch.no_grad():
            for p, mean in zip(parameters, self.average, strict=False):
                p.copy_(mean)
        recipe = self.recipe
        result = held_out(
            self.model,
            self.held_store,
            views=recipe.held_views,
            segments=recipe.segments,
            row_tokens=recipe.row_tokens,
        )
        with torch.no_grad():
            for p, mine in zip(parameters, kept, strict=False):
                p.copy_(mine)
        return result

    def run(
        self, minutes: float = 1e9, log_every: int = 100, measure_minutes: float = 1.0, save_minutes: float = 2.0
    ) -> bool:
        """Train until the run or this call's time is over; saves at the end.

        Args:
            minutes: Wall-clock bound of this call, compilation included.
            log_every: Steps between lines of the log.
            measure_minutes: Minutes between held-out measurements.
            save_minutes: Minutes between checkpoints.

        Returns:
            Whether the whole run is finished.
        """
        called = began = last = measured = saved = time.perf_counter()
        tokens = 0
        first = True
        while self.done < 1.0:
            loss = self.step()
            now = time.perf_counter()
            if first:
                # Compilation does not count towards the schedule.
                float(loss)
                now = time.perf_counter()
                self.say(f"first step after {now - began:.1f} s")
                first, last = False, now
                continue
            self.progress.seconds += now - last
            last = now
            tokens += self.recipe.row_tokens * self.recipe.accumulate
            if self.progress.step % log_every == 0:
                value = float(loss)
                self._guard(value)
                record: dict[str, Any] = {
                    "step": self.progress.step,
                    "epoch": self.progress.epoch,
                    "minutes": round(self.progress.seconds / 60, 3),
                    "loss": value,
                    "rate": schedule(self.done, self.recipe),
                    "channel": self.channel,
                    "tokens_per_s": tokens / max(1e-9, now - began),
                }
                tokens, began_window = 0, time.perf_counter()
                if now - measured > 60 * measure_minutes or self.done >= 1.0:
                    record |= self.measure()
                    self._watch_collapse(record)
                    measured = time.perf_counter()
                    self._snapshot = {
                        k: v for k, v in _cloned(self._state()).items() if k not in ("random", "random_cuda")
                    } | {"random": torch.get_rng_state(), "random_cuda": None}
                self._log(record)
                if now - saved > 60 * save_minutes:
                    self.save()
                    saved = time.perf_counter()
                began = began_window
                last = time.perf_counter()
            if now - called > 60 * minutes:
                break
        self._log({"step": self.progress.step, "minutes": self.progress.seconds / 60, **self.measure()})
        self.save()
        return self.done >= 1.0


def _cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _cloned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_cloned(item) for item in value]
    return value
