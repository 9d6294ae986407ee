"""Greedy decoding of outputs, many rows at a time, with one key/value cache per layer pass of every cycle and segment.

Rows are sorted by length, end on their own, and are taken out of the batch when enough have ended. A row whose most
likely token breaks the rectangle is given up at once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from arcsolve_hrm.core import HRM, StepOutput
from arcsolve_hrm.layers import KeyValueStore
from arcsolve_hrm.seq import END, NEWLINE, SEPARATOR, Grid, decode, encode, transform

LONGEST_OUTPUT = 30 * 31 + 1


class Request(NamedTuple):
    """One view to decode."""

    task: int
    """Row of the puzzle embedding."""
    source: Grid
    """Test input as given."""
    dihedral: int
    table: NDArray[np.uint8]
    """uint8 [16]; colour permutation."""


class Decoded(NamedTuple):
    """What came out, still in the view's orientation and colours."""

    grid: Grid | None
    """None where the row was given up."""
    log_probability: float
    """Mean over the output's tokens."""


class Slots:
    """Row lengths shared by all caches of a batch."""

    def __init__(self, lengths: Tensor, capacity: int) -> None:
        self.lengths = lengths
        self.capacity = capacity
        self.longest = int(lengths.max())


class Cache:
    """Keys and values of one layer pass, each row filled to its own length.

    On a GPU [rows, capacity, heads, head_dim] in the forward dtype, as the ragged kernel reads them. On a CPU
    [rows, heads, capacity, head_dim] in float32: for a single query per row that is ten times faster there than
    bfloat16 with the heads inside (8 rows, 280 keys: 0.41 ms instead of 4.0 ms a layer).
    """

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Store and attend; the first call takes the right-padded prefixes, later ones a single token per row.

        Args:
            query: [rows, T, heads, head_dim].
            key: Same shape.
            value: Same shape.

        Returns:
            Same shape.
        """
        rows, slots = len(query), self.slots
        if self.keys is None or self.values is None:
            self._begin(key, value)
            # Causal and padded on the right: padding is seen by padding only.
            q, k, v = (part.transpose(1, 2) for part in (query, key, value))
            return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2)
        index = torch.arange(rows, device=query.device)
        seen = slots.longest + 1
        if query.is_cuda:
            self.keys[index, slots.lengths] = key[:, 0]
            self.values[index, slots.lengths] = value[:, 0]
            if query.dtype != torch.float32:
                return _ragged_attention(query, self.keys, self.values, slots.lengths + 1, seen)
            keys, values = (part[:, :seen].transpose(1, 2) for part in (self.keys, self.values))
        else:
            self.keys[index, :, slots.lengths] = key[:, 0].to(torch.float32)
            self.values[index, :, slots.lengths] = value[:, 0].to(torch.float32)
            keys, values = self.keys[:, :, :seen], self.values[:, :, :seen]
        mask = torch.arange(seen, device=query.device)[None] <= slots.lengths[:, None]
        out = F.scaled_dot_product_attention(
            query.transpose(1, 2).to(keys.dtype), keys, values, attn_mask=mask[:, None, None, :]
        )
        return out.transpose(1, 2).to(query.dtype)

    def _begin(self, key: Tensor, value: Tensor) -> None:
        """Take the prefixes' keys and values [rows, T, heads, head_dim], with room up to the capacity."""
        room = self.slots.capacity - key.shape[1]
        if key.is_cuda:
            self.keys, self.values = (F.pad(part, (0, 0, 0, 0, 0, room)) for part in (key, value))
        else:
            self.keys, self.values = (
                F.pad(part.transpose(1, 2).to(torch.float32), (0, 0, 0, room)) for part in (key, value)
            )

    def keep(self, rows: Tensor) -> None:
        """Drop all rows but these.

        Args:
            rows: int64 indices.
        """
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self.keys[rows], self.values[rows]

    def grow(self, extra: int) -> None:
        """Make room for more tokens.

        Args:
            extra: How many.
        """
        if self.keys is not None and self.values is not None:
            longer = (0, 0, 0, 0, 0, extra) if self.keys.is_cuda else (0, 0, 0, extra)
            self.keys, self.values = F.pad(self.keys, longer), F.pad(self.values, longer)


def _ragged_attention(query: Tensor, keys: Tensor, values: Tensor, lengths: Tensor, longest: int) -> Tensor:
    """Attend with one query per row over its own number of keys, reading no more than these (flash kernel)."""
    rows, capacity = keys.shape[:2]
    index = torch.arange(rows + 1, device=query.device, dtype=torch.int32)
    out: Tensor = torch.ops.aten._flash_attention_forward(
        query[:, 0],
        keys.view(-1, *keys.shape[2:]),
        values.view(-1, *values.shape[2:]),
        index,
        index * capacity,
        1,
        longest,
        0.0,
        False,
        False,
        seqused_k=lengths.to(torch.int32),
    )[0]
    return out[:, None]


def run_segments(
    model: HRM,
    tokens: Tensor,
    positions: Tensor,
    tasks: Tensor,
    dihedrals: Tensor,
    segments: int,
    caches: Sequence[Sequence[KeyValueStore]] | None = None,
) -> StepOutput:
    """Run new tokens through all segments.

    Args:
        model: The network.
        tokens: [B, T].
        positions: [B, T, 3].
        tasks: [B, 1].
        dihedrals: [B, 1].
        segments: How many, at least 1.
        caches: Per segment one store per layer pass; None for a full pass.

    Returns:
        Output of the last segment.
    """
    x = model.embed_sequence(tokens, tasks, dihedrals)
    rope = model.rope(positions)
    out = model.segment(model.initial_state(*tokens.shape), x, rope, stores=None if caches is None else caches[0])
    for segment in range(1, segments):
        out = model.segment(out.state, x, rope, stores=None if caches is None else caches[segment])
    return out


class _Prefix(NamedTuple):
    tokens: NDArray[np.uint8]
    positions: NDArray[np.uint8]


class Decoder:
    """Decodes views of test inputs.

    Args:
        model: The network, on its device; put into evaluation mode.
        legend: As trained.
        ahead: As trained.
        segments: ACT segments per token.
        rows: Rows per batch at most.
        tokens: Prefix tokens per batch at most, padding included.
        longest: Output tokens at most: what goes on longer is given up; 0 for a whole 30x30 grid.
    """

    def __init__(
        self,
        model: HRM,
        legend: bool = True,
        ahead: bool = True,
        segments: int = 1,
        rows: int | None = None,
        tokens: int = 600_000,
        longest: int = 0,
    ) -> None:
        self.model = model.eval()
        self.legend, self.ahead, self.segments = legend, ahead, segments
        self.device = model.lm_head.weight.device
        self.rows = rows or (1536 if self.device.type == "cuda" else 16)
        self.tokens = tokens
        self.longest_output = longest or LONGEST_OUTPUT
        self.steps = 0

    @torch.inference_mode()
    def run(self, requests: Sequence[Request], deadline: float | None = None) -> list[Decoded]:
        """Decode all requests.

        Args:
            requests: Views, in any order.
            deadline: ``time.monotonic()`` after which decoding stops, also within a batch.

        Returns:
            One result per request, in the order given; unfinished ones hold None, not begun ones minus infinity.
        """
        prefixes = []
        for request in requests:
            sequence = encode(transform(request.source, request.dihedral), None, self.legend, self.ahead)
            prefixes.append(_Prefix(request.table[sequence.tokens], sequence.positions))
        order = sorted(range(len(requests)), key=lambda i: len(prefixes[i].tokens))
        results = [Decoded(None, -np.inf)] * len(requests)
        begin = 0
        while begin < len(order) and (deadline is None or time.monotonic() < deadline):
            # Sorted by length: the last row of the batch decides how much memory its prefixes take.
            chosen = order[begin : begin + self.rows]
            while len(chosen) > 1 and len(chosen) * len(prefixes[chosen[-1]].tokens) > self.tokens:
                chosen = chosen[: len(chosen) * 3 // 4]
            begin += len(chosen)
            batch = self._batch([requests[i] for i in chosen], [prefixes[i] for i in chosen], deadline)
            for index, result in zip(chosen, batch, strict=True):
                results[index] = result
        return results

    def _batch(self, requests: list[Request], prefixes: list[_Prefix], deadline: float | None = None) -> list[Decoded]:
        device, count = self.device, len(requests)
        lengths = torch.tensor([len(prefix.tokens) for prefix in prefixes], device=device)
        longest = int(lengths.max())
        tokens = np.zeros((count, longest), np.int64)
        positions = np.zeros((count, longest, 3), np.uint8)
        for row, prefix in enumerate(prefixes):
            tokens[row, : len(prefix.tokens)] = prefix.tokens
            positions[row, : len(prefix.tokens)] = prefix.positions
        tasks = torch.tensor([[request.task] for request in requests], device=device)
        dihedrals = torch.tensor([[request.dihedral] for request in requests], device=device)
        slots = Slots(lengths, longest + 128)
        caches = [[Cache(slots) for _ in range(self.model.config.layer_passes)] for _ in range(self.segments)]
        flat = [cache for segment in caches for cache in segment]

        def run(ids: Tensor, places: Tensor) -> Tensor:
            return run_segments(self.model, ids, places, tasks, dihedrals, self.segments, caches).logits

        logits = run(torch.from_numpy(tokens).to(device), torch.from_numpy(positions).to(device))
        logits = logits[torch.arange(count, device=device), lengths - 1]

        written = torch.full((count, LONGEST_OUTPUT), END, dtype=torch.uint8, device=device)
        total = torch.zeros(count, device=device)
        sizes = torch.zeros(count, dtype=torch.int64, device=device)
        valid = torch.zeros(count, dtype=torch.bool, device=device)
        # Of the rows still in the batch: place in the results, cell to be written next, width once known, running.
        place = torch.arange(count, device=device)
        column, line, width = torch.zeros((3, count), dtype=torch.int64, device=device)
        running = torch.ones(count, dtype=torch.bool, device=device)
        for step in range(self.longest_output):
            self.steps += 1
            if deadline is not None and time.monotonic() > deadline:
                break
            best, token = F.log_softmax(logits.to(torch.float32), -1).max(-1)
            total.index_add_(0, place, torch.where(running, best, 0.0))
            colour = token < 10
            broken, ended = token == NEWLINE, token == END
            full = torch.where(line > 0, column == width, column > 0)
            legal = (
                (colour & (line < 30) & torch.where(line > 0, column < width, column < 30))
                | (broken & full)
                | (ended & (column == 0) & (line > 0))
            )
            finished = running & ended & legal
            valid.scatter_(0, place, valid[place] | finished)
            running = running & legal & ~ended
            sizes.index_add_(0, place, running.to(torch.int64))
            written[place, step] = torch.where(running, token, END).to(torch.uint8)
            if step % 16 == 15 or device.type == "cpu":
                alive = torch.nonzero(running)[:, 0]
                if not len(alive):
                    break
                if len(alive) <= 0.7 * len(running):
                    place, column, line, width = place[alive], column[alive], line[alive], width[alive]
                    token, broken, running = token[alive], broken[alive], running[alive]
                    tasks, dihedrals = tasks[alive], dihedrals[alive]
                    slots.lengths = slots.lengths[alive]
                    if device.type == "cpu":  # reading it would make a GPU wait
                        slots.longest = int(slots.lengths.max())
                    for cache in flat:
                        cache.keep(alive)
            own = torch.stack((column, line), -1)
            width = torch.where(broken & (line == 0), column, width)
            column = torch.where(broken, 0, column + 1)
            line = line + broken.to(torch.int64)
            spot = torch.stack((column, line), -1) if self.ahead else own
            spot = torch.cat((spot, torch.full_like(spot[:, :1], 3)), -1)
            if slots.longest + 1 >= slots.capacity:
                slots.capacity += 128
                for cache in flat:
                    cache.grow(128)
            # Ended rows decode on into a slot of their own until they are taken out; nobody reads it.
            logits = run(token[:, None], spot[:, None])[:, -1]
            slots.lengths = slots.lengths + 1
            slots.longest += 1
        ids, ends = written.cpu().numpy(), sizes.cpu().numpy()
        mean = (total / (sizes + 1)).cpu().numpy()
        good = valid.cpu().numpy()
        return [Decoded(decode(ids[row, : ends[row]]) if good[row] else None, float(mean[row])) for row in range(count)]


__all__ = ["LONGEST_OUTPUT", "SEPARATOR", "Cache", "Decoded", "Decoder", "Request", "Slots", "run_segments"]
