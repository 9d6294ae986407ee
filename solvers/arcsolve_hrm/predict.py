"""One interface to both layouts: views of a test input in, predictions in its own orientation out, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from arcsolve_hrm import canvas as canvases
from arcsolve_hrm.canvas import Canvas
from arcsolve_hrm.core import HRM
from arcsolve_hrm.decode import Decoder, Request
from arcsolve_hrm.evaluate import restore, score, view_requests
from arcsolve_hrm.exchange import allowed_views
from arcsolve_hrm.output_size import bounding_canvas, foretell
from arcsolve_hrm.pairs import fixed_colours
from arcsolve_hrm.thinking import Segment, think
from arcsolve_hrm.transforms import IDENTITY, N_COLOURS, N_DIHEDRAL, Augmentation, Grid, random_augmentation
from arcsolve_hrm.voting import Prediction

Pairs = Sequence[tuple[Grid, Grid]]

CPU_S_PER_INPUT = 4.0
"""CPU seconds that the usual number of views may cost per test input: 400 tasks then take about 22 CPU minutes."""
GPU_VIEWS = 64
WEIGHING_VIEWS = 4
"""Views of each answer that is weighed, on a CPU; on the held-out training tasks eight serve no better."""


class Question(NamedTuple):
    """A test input with what decides how it is asked."""

    source: Grid
    demonstrations: Pairs
    rows: tuple[tuple[int, Augmentation | None], ...]
    """Rows of the puzzle embedding that stand for the task; with an augmentation where a row stands for one view only
    (published tables)."""


class View(NamedTuple):
    """One augmented copy of a test input, and the row of the puzzle embedding to ask it with."""

    row: int
    dihedral: int
    """0..7 in the layout's own numbering; 0 is the identity."""
    colours: tuple[int, ...]
    """``colours[c]`` is what colour ``c`` becomes."""

    @property
    def is_identity(self) -> bool:
        """Whether this is the test input itself."""
        return self.dihedral == 0 and self.colours == IDENTITY.colours


class Predictor(Protocol):
    """Answers questions in views."""

    model: HRM
    batch: int
    """Views per batch."""

    def views(self, question: Question, count: int, *, seed: int) -> list[View]:
        """Choose views: the identity, the other symmetries in true colours, then with permuted colours.

        Args:
            question: What is asked.
            count: How many; fewer where the table knows fewer.
            seed: Of the colour permutations.
        """

    def ask(self, question: Question, views: Sequence[View], *, deadline: float = float("inf")) -> Iterator[Prediction]:
        """Yield the views' predictions in their order, brought back to the test input's orientation and colours.

        Args:
            question: What is asked.
            views: As which views.
            deadline: `time.monotonic` value after which no further batch is begun (the first always is); views not
                done by then give no answer.
        """

    def usual_views(self, question: Question) -> int:
        """Choose how many views to ask where the caller doesn't say."""

    def fitting(self, question: Question, views: int, seconds: float) -> int:
        """Choose how many of the remaining `views` to ask in one batch so that it ends within `seconds`; at least 1."""

    def weighing_views(self, question: Question, grids: Sequence[Grid], seconds: float) -> int:
        """Choose the views for `log_likelihoods` so that weighing the answers ends within `seconds`; 0: don't."""

    def log_likelihoods(self, question: Question, grids: Sequence[Grid], *, views: int, seed: int) -> list[float]:
        """Give each grid's log-probability as the output, summed over its tokens, mean over the views."""


class SequencePredictor:
    """Asks a ``seq`` model: greedy decoding of each view.

    Args:
        model: The network.
        legend: As trained.
        ahead: As trained.
        segments: ACT segments.
        batch: Views per decoding batch.
        augment: As trained: ``all`` views, or ``auto`` for those that the demonstrations don't speak against.
        longest: Output tokens at most, 0 for a whole 30x30 grid.
    """

    def __init__(
        self,
        model: HRM,
        *,
        legend: bool,
        ahead: bool,
        segments: int = 1,
        batch: int | None = None,
        augment: str = "all",
        longest: int = 0,
    ) -> None:
        self.model, self.legend, self.ahead, self.segments = model, legend, ahead, segments
        self.augment = augment
        self.batch = batch or _usual_batch(model)
        size = sum(p.numel() for name, p in model.named_parameters() if not name.endswith("_emb.weights"))
        self.scale: float = segments * model.config.h_cycles * max(0.15, size / 27.3e6)
        """Work per token against the network whose times `cpu_seconds` knows."""
        self.decoder = Decoder(model, legend, ahead, segments, longest=longest)

    def views(self, question: Question, count: int, *, seed: int) -> list[View]:
        """See `Predictor.views`."""
        turns, fixed = self._allowed(question)
        rng = np.random.default_rng(seed)
        source = question.source.astype(np.uint8)
        requests = view_requests(question.rows[0][0], source, fixed, max(count, N_DIHEDRAL), rng, turns)[:count]
        return [View(r.task, r.dihedral, tuple(int(colour) for colour in r.table[:N_COLOURS])) for r in requests]

    def ask(self, question: Question, views: Sequence[View], *, deadline: float = float("inf")) -> Iterator[Prediction]:
        """See `Predictor.ask`."""
        source = question.source.astype(np.uint8)
        for begin in range(0, len(views), self.batch):
            if begin and time.monotonic() >= deadline:
                return
            requests = [self.request(source, view) for view in views[begin : begin + self.batch]]
            for request, decoded in zip(requests, self.decoder.run(requests, deadline), strict=True):
                grid = None if decoded.grid is None else restore(decoded.grid, request).astype(np.int8)
                yield Prediction(grid, decoded.log_probability, self.segments)

    def _allowed(self, question: Question) -> tuple[list[int], NDArray[np.bool_]]:
        """Symmetries to use, and colours that stay themselves."""
        demos = unsigned(question.demonstrations)
        fixed = fixed_colours(demos)
        return (list(range(N_DIHEDRAL)), fixed) if self.augment == "all" else allowed_views(demos, fixed).choice()

    def usual_views(self, question: Question) -> int:
        """Eight on a CPU while they cost `CPU_S_PER_INPUT` seconds at most, else fewer; `GPU_VIEWS` on a GPU."""
        if self._is_on_gpu:
            return GPU_VIEWS
        return next((views for views in (8, 4, 2) if self.cpu_seconds(question, views) <= CPU_S_PER_INPUT), 1)

    def fitting(self, question: Question, views: int, seconds: float) -> int:
        """See `Predictor.fitting`."""
        views = min(views, self.batch)
        while views > 1 and not self._is_on_gpu and self.cpu_seconds(question, views) > seconds:
            views //= 2
        return views

    @property
    def _is_on_gpu(self) -> bool:
        return self.model.lm_head.weight.is_cuda

    def cpu_seconds(self, question: Question, views: int) -> float:
        """Foretell the CPU seconds of decoding so many views in one batch.

        Fitted to ``seq-28m`` in bfloat16 on one core of an EPYC with AVX-512 (1 to 8 views, 230 and 941 tokens).

        Args:
            question: Its input and foretold output give the tokens.
            views: Views in the batch.
        """
        sizes = [(_size(given), _size(made)) for given, made in question.demonstrations]
        outputs = [foretell(sizes, _size(question.source)) or max(made for _, made in sizes)]
        given = question.source.shape[0] * (question.source.shape[1] + 1) + 11
        made = outputs[0][0] * (outputs[0][1] + 1) + 1
        keys = given + made / 2
        decoding = made * (6.6 + 0.28 * views + 0.0036 * views * keys)
        prefixes = views * (0.25 * given + 0.00023 * given**2)
        return float(self.scale * (decoding + prefixes) / 1000)

    def weighing_views(self, question: Question, grids: Sequence[Grid], seconds: float) -> int:
        """`WEIGHING_VIEWS` while they cost half of `CPU_S_PER_INPUT` at most, else fewer; eight on a GPU."""
        if self._is_on_gpu:
            return 8
        tokens = [question.source.size + grid.size + sum(_size(question.source)) + sum(_size(grid)) for grid in grids]
        one = self.scale * sum(0.25 * n + 0.00023 * n**2 for n in tokens) / 1000
        return next((views for views in (WEIGHING_VIEWS, 2) if views * one <= min(seconds, 0.5 * CPU_S_PER_INPUT)), 0)

    def request(self, source: NDArray[np.uint8], view: View) -> Request:
        """Spell a view as the decoder wants it."""
        table = np.arange(16, dtype=np.uint8)
        table[:N_COLOURS] = view.colours
        return Request(view.row, source, view.dihedral, table)

    def log_likelihoods(self, question: Question, grids: Sequence[Grid], *, views: int, seed: int) -> list[float]:
        """See `Predictor.log_likelihoods`."""
        fixed = np.stack([fixed_colours(unsigned(question.demonstrations))] * len(grids))
        pairs = [(question.source.astype(np.uint8), grid.astype(np.uint8)) for grid in grids]
        rows = [question.rows[0][0]] * len(grids)
        values = score(
            self.model, rows, pairs, fixed, views, self.legend, self.ahead, self.segments, seed=seed, row_tokens=2048
        )
        return [float(value) for value in values]


class CanvasPredictor:
    """Asks a ``canvas`` model: all cells at once, segment by segment until each view halts.

    Args:
        model: The network.
        max_segments: Segments at most; None takes the trained number.
        is_halting: Whether views stop by themselves.
        is_bounding: Whether the canvas is cut down to what the demonstrations' sizes foretell.
        batch: Views per batch.
    """

    def __init__(
        self,
        model: HRM,
        *,
        max_segments: int | None = None,
        is_halting: bool = True,
        is_bounding: bool = True,
        batch: int | None = None,
    ) -> None:
        self.model, self.max_segments, self.is_halting = model, max_segments, is_halting
        self.is_bounding, self.batch = is_bounding, batch or _usual_batch(model)

    def views(self, question: Question, count: int, *, seed: int) -> list[View]:
        """See `Predictor.views`."""
        known = [View(row, *view) for row, view in question.rows if view is not None]
        if known:
            return sorted(known, key=lambda view: not view.is_identity)[:count]
        row = question.rows[0][0]
        rng = np.random.default_rng(seed)
        # Those that keep a rectangle upright come first: views of one shape make one batch.
        plain = [Augmentation(dihedral) for dihedral in (0, 2, 4, 5, 1, 3, 6, 7)]
        recoloured = [random_augmentation(rng) for _ in range(max(0, count - N_DIHEDRAL))]
        return [View(row, *view) for view in (*plain, *recoloured)[:count]]

    def ask(self, question: Question, views: Sequence[View], *, deadline: float = float("inf")) -> Iterator[Prediction]:
        """See `Predictor.ask`."""
        begin = 0
        while begin < len(views):
            if begin and time.monotonic() >= deadline:
                return
            # A batch is a run of views on canvases of one size.
            canvas = self.canvas(question, views[begin])
            end = begin + 1
            while end < min(len(views), begin + self.batch) and self.canvas(question, views[end]) == canvas:
                end += 1
            yield from self._ask_batch(question, views[begin:end], canvas, deadline)
            begin = end

    def usual_views(self, question: Question) -> int:
        """Those four symmetries that keep a rectangle upright on a CPU, `GPU_VIEWS` on a GPU."""
        return GPU_VIEWS if self.model.lm_head.weight.is_cuda else 4

    def fitting(self, question: Question, views: int, seconds: float) -> int:
        """A whole batch: thinking stops at the deadline by itself, with an answer."""
        return min(views, self.batch)

    def weighing_views(self, question: Question, grids: Sequence[Grid], seconds: float) -> int:
        """None: these models rank by the halting value (as published), and each view would think all over again."""
        return 0

    def _ask_batch(
        self, question: Question, views: Sequence[View], canvas: Canvas, deadline: float
    ) -> Iterator[Prediction]:
        thoughts = think(
            self.model,
            [canvases.encode(augmentation_of(view).apply(question.source), canvas=canvas) for view in views],
            [view.row for view in views],
            canvas=canvas,
            max_segments=self.max_segments,
            is_halting=self.is_halting,
            deadline=deadline,
        )
        for view, thought in zip(views, thoughts, strict=True):
            grid = thought.grid(canvas)
            log_q = float(F.logsigmoid(torch.tensor(thought.q_halt)))
            yield Prediction(None if grid is None else augmentation_of(view).invert(grid), log_q, thought.segments)

    def canvas(self, question: Question, view: View) -> Canvas:
        """Choose the canvas for a view."""
        if not self.is_bounding:
            return canvases.FULL
        sizes = [(_size(given), _size(made)) for given, made in question.demonstrations]
        canvas = bounding_canvas(sizes, _size(question.source))
        return Canvas(canvas.width, canvas.height) if view.dihedral in (1, 3, 6, 7) else canvas

    def log_likelihoods(self, question: Question, grids: Sequence[Grid], *, views: int, seed: int) -> list[float]:
        """See `Predictor.log_likelihoods`."""
        sums = np.zeros((len(grids), 0))
        for view in self.views(question, views, seed=seed):
            augmentation = augmentation_of(view)
            source = augmentation.apply(question.source)
            turned = [augmentation.apply(grid) for grid in grids]
            bounding = self.canvas(question, view)
            canvas = Canvas(
                max(bounding.height, *(min(grid.shape[0] + 1, canvases.MAX_SIDE) for grid in turned)),
                max(bounding.width, *(min(grid.shape[1] + 1, canvases.MAX_SIDE) for grid in turned)),
            )
            logits = self._final_logits(canvases.encode(source, canvas=canvas), view.row, canvas)
            labels = np.stack([canvases.labels_of(canvases.encode(grid, canvas=canvas)) for grid in turned])
            sums = np.column_stack((sums, _label_sums(logits, labels)))
        return [float(value) for value in sums.mean(axis=1)]

    def _final_logits(self, tokens: canvases.Tokens, row: int, canvas: Canvas) -> Tensor:
        """Logits [n_tokens, vocab] of one input at the segment where it stops."""
        last: list[Segment] = []
        think(
            self.model,
            [tokens],
            [row],
            canvas=canvas,
            max_segments=self.max_segments,
            is_halting=self.is_halting,
            watch=lambda segment: last.append(segment),
        )
        return last[-1].logits[0]


def _usual_batch(model: HRM) -> int:
    return 256 if model.lm_head.weight.is_cuda else 8


def _size(grid: Grid) -> tuple[int, int]:
    return grid.shape[0], grid.shape[1]


def augmentation_of(view: View) -> Augmentation:
    """Give a canvas view's augmentation (the sequence layout numbers the symmetries differently)."""
    return Augmentation(view.dihedral, view.colours)


def unsigned(pairs: Pairs) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Give pairs in the unsigned type that the sequence layout and the hashes use."""
    return [(source.astype(np.uint8), target.astype(np.uint8)) for source, target in pairs]


def _label_sums(logits: Tensor, labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Sum the log-probabilities of the supervised cells. [n_tokens, vocab], [B, n_tokens] -> [B]."""
    logs = torch.log_softmax(logits.float(), dim=-1).cpu().numpy()
    mask = labels != canvases.IGNORE
    picked = logs[np.arange(labels.shape[1])[None, :], np.where(mask, labels, 0)]
    return np.asarray(np.where(mask, picked, 0.0).sum(axis=1), dtype=np.float64)
