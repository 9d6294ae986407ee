"""Batches without a CPU in the loop: every view of every pair lies tokenised on the device; a batch is a gather.

An epoch's plan (which view of which pair, which colour permutation, where in which packed row) is drawn on the CPU from
(seed, epoch) alone and moved over in one go, so that a run resumes exactly by counting.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arcsolve_hrm.exchange import Allowed
from arcsolve_hrm.layers import Packing
from arcsolve_hrm.pairs import PairSet
from arcsolve_hrm.seq import LONGEST, colour_tables, encode, transform


class Batch(NamedTuple):
    """One packed row."""

    tokens: Tensor
    """int64 [1, T]."""
    positions: Tensor
    """uint8 [1, T, 3]."""
    tasks: Tensor
    """int64 [1, T]."""
    dihedrals: Tensor
    """int64 [1, T]."""
    targets: Tensor
    """int64 [1, T]; the next token where it belongs to an output, -100 elsewhere."""
    document: Tensor
    """int64 [T]; which sequence a token belongs to."""
    packing: Packing


class Plan(NamedTuple):
    """What fills a number of packed rows, one line per row."""

    views: Tensor
    """int64 [rows, documents]; 8 * pair + dihedral."""
    tables: Tensor
    """uint8 [rows, documents, 16]; colour permutation."""
    starts: Tensor
    """int32 [rows, documents + 1]; offsets, the rest filled with T."""
    used: Tensor
    """int64 [rows]; tokens in use."""


class TokenStore:
    """All eight views of chosen pairs, tokenised, on one device.

    Args:
        pairs: The data.
        chosen: Indices of the pairs to hold.
        device: Where to keep them.
        legend: Whether sequences show the colour legend.
        ahead: Whether output positions look ahead.
        allowed: Per task the views its demonstrations don't speak against; None allows all.
    """

    def __init__(
        self,
        pairs: PairSet,
        chosen: NDArray[np.int64],
        device: torch.device,
        legend: bool = True,
        ahead: bool = True,
        allowed: Sequence[Allowed] | None = None,
    ) -> None:
        tokens, positions, lengths, prefixes = [], [], [], []
        for pair in chosen:
            source, target = pairs.grids(int(pair))
            for dihedral in range(8):
                sequence = encode(transform(source, dihedral), transform(target, dihedral), legend, ahead)
                tokens.append(sequence.tokens)
                positions.append(sequence.positions)
                lengths.append(len(sequence.tokens))
                prefixes.append(sequence.prefix)
        self.device = device
        self.length = np.array(lengths, np.int64)
        self.fixed = pairs.fixed[pairs.task[chosen]]
        self.turns = np.ones((len(chosen), 8), np.bool_)
        if allowed is not None and len(chosen):
            self.turns = np.stack([allowed[task].turns for task in pairs.task[chosen]])
            self.fixed = np.stack([allowed[task].fixed for task in pairs.task[chosen]])
        self.weight = pairs.weight[pairs.task[chosen]]
        self.tokens = torch.from_numpy(np.concatenate(tokens)).to(device)
        self.positions = torch.from_numpy(np.concatenate(positions)).to(device)
        self.starts = torch.from_numpy(np.cumsum(self.length) - self.length).to(device)
        self.lengths = torch.from_numpy(self.length).to(device)
        self.prefixes = torch.from_numpy(np.array(prefixes, np.int64)).to(device)
        self.tasks = torch.from_numpy(pairs.task[chosen].astype(np.int64)).to(device)

    def __len__(self) -> int:
        return len(self.tasks)

    def plan(self, views: NDArray[np.int64], tables: NDArray[np.uint8], row_tokens: int, documents: int) -> Plan:
        """Pack views into rows in the order given.

        Args:
            views: 8 * pair + dihedral.
            tables: uint8 [len(views), 16].
            row_tokens: Tokens per row.
            documents: Sequences per row at most.

        Returns:
            The plan; its last row may be only partly filled.
        """
        ends = np.cumsum(self.length[views])
        cuts = [0]
        while cuts[-1] < len(views):
            begin = cuts[-1]
            base = ends[begin - 1] if begin else 0
            stop = int(np.searchsorted(ends, base + row_tokens, side="right"))
            cuts.append(min(max(stop, begin + 1), begin + documents - 1))
        rows = len(cuts) - 1
        view_rows = np.zeros((rows, documents), np.int64)
        table_rows = np.tile(np.arange(16, dtype=np.uint8), (rows, documents, 1))
        start_rows = np.full((rows, documents + 1), row_tokens, np.int32)
        used = np.zeros(rows, np.int64)
        for row, (begin, stop) in enumerate(pairwise(cuts)):
            count = stop - begin
            lengths = self.length[views[begin:stop]]
            view_rows[row, :count] = views[begin:stop]
            table_rows[row, :count] = tables[begin:stop]
            start_rows[row, 0] = 0
            start_rows[row, 1 : count + 1] = np.cumsum(lengths)
            used[row] = lengths.sum()
        return Plan(*(torch.from_numpy(part).to(self.device) for part in (view_rows, table_rows, start_rows, used)))

    def epoch(
        self, seed: int, epoch: int, row_tokens: int, documents: int, turned: float = 1.0, recoloured: float = 1.0
    ) -> Plan:
        """Plan an epoch: each pair once (or in its share), random view, random colours, random order.

        Args:
            seed: Of the run.
            epoch: Which one.
            row_tokens: Tokens per row.
            documents: Sequences per row at most.
            turned: Share of the pairs that get one of the eight symmetries at random; the others stay upright.
            recoloured: Share of the pairs whose colours are permuted.

        Returns:
            Full rows only; what is left over returns in another epoch.
        """
        generator = np.random.default_rng((seed, epoch))
        order = generator.permutation(len(self))
        order = order[generator.random(len(order)) < self.weight[order]]
        turns = np.argmax(generator.random((len(order), 8)) * self.turns[order], axis=1)
        tables = colour_tables(len(order), self.fixed[order], generator)
        turns[generator.random(len(order)) >= turned] = 0
        tables[generator.random(len(order)) >= recoloured] = np.arange(16, dtype=np.uint8)
        views = order * 8 + turns
        plan = self.plan(views, tables, row_tokens, documents)
        return Plan(*(part[:-1] for part in plan)) if len(plan.used) > 1 else plan

    def batch(self, plan: Plan, row: int, row_tokens: int) -> Batch:
        """Gather one row.

        Args:
            plan: From :meth:`plan` or :meth:`epoch`.
            row: Which row.
            row_tokens: Its length, as planned.

        Returns:
            The batch.
        """
        starts = plan.starts[row]
        index = torch.arange(row_tokens, device=self.device)
        document = torch.searchsorted(starts[1:].to(torch.int64), index, right=True)
        document = document.clamp_(max=plan.views.shape[1] - 1)
        view = plan.views[row][document]
        offset = index - starts[document]
        inside = index < plan.used[row]
        source = torch.where(inside, self.starts[view] + offset, 0)
        tokens = plan.tables[row][document, self.tokens[source].to(torch.int64)].to(torch.int64)
        asked = inside & (offset >= self.prefixes[view] - 1) & (offset < self.lengths[view] - 1)
        targets = torch.where(asked, tokens.roll(-1), -100)
        return Batch(
            tokens=tokens[None],
            positions=self.positions[source][None],
            tasks=self.tasks[view // 8][None],
            dihedrals=(view % 8)[None],
            targets=targets[None],
            document=document,
            packing=Packing(starts, LONGEST),
        )
