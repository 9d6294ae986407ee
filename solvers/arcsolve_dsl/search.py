"""The piece lane: search pieces with the compiled engine and compose the answer from them.

The whole scheme is icecuber's (github.com/top-quarks/ARC-solution, 2020): colours normalised, size first, short
operation sequences on every grid, greedy composition that never writes a wrong cell. Here with programs as results.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arcsolve_dsl import colours, sizes
from arcsolve_dsl.engine import dag as engine
from arcsolve_dsl.engine import greedy, ops
from arcsolve_dsl.engine.join import Joint, join
from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, evaluate_value
from arcsolve_dsl.lane import Clock, DslTask, Hypothesis
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.primitives.resizing import outer_cells
from arcsolve_dsl.program import INPUT, Call, Node, Program, Sequence, call
from arcsolve_dsl.registry import REGISTRY

LANE = "pieces"
DEPTH = 20
"""Depth limit of the main search: two operations, not counting the finishing ones."""
MAX_NODES = 20_000
"""Most states of one grid before finishing."""
MAX_DEEP_NODES = 100_000
"""Likewise, one operation deeper."""
MAX_BYTES = 200_000_000
"""Most bytes of pictures."""
MAX_JOINT = 200_000
MAX_COMPOSITIONS = 600
MOST_SIZES = 3
"""Sizes of the output that are searched, where several fit the demonstrations and disagree on a test input."""
MOST_LOSS = 10.0
"""Sizes whose expression is this much more complex than the best one's are not searched."""
SIZE_COST = 10.0
"""What each less likely size adds to the cost of a program, in depth (10 an operation)."""
MAX_PRODUCTS = 2_000
"""Pairs of pictures whose sizes fit that are tried as factors."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A task in normal colours.

    Attributes:
        task: as given.
        order: how colours were renumbered; None if they were not.
        demos: (input, output) in normal colours.
        test_inputs: likewise.
        numberings: numbering of each grid, demonstrations first.
    """

    task: DslTask
    order: colours.ColourOrder | None
    demos: tuple[tuple[Cells, Cells], ...]
    test_inputs: tuple[Cells, ...]
    numberings: tuple[tuple[int, ...], ...]

    @cached_property
    def limit(self) -> int:
        """Largest area of an intermediate picture."""
        return 2 * max(grid.size for grid in self.task.inputs + self.task.outputs)

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """Output sizes of the demonstrations."""
        return np.array([after.shape for _, after in self.demos], np.int64)

    def wrap(self, node: Node) -> Program:
        """The program in the grids' own colours."""
        if self.order is None or all(numbering == tuple(range(10)) for numbering in self.numberings):
            return Program(node)
        order = self.order
        ground = {"ground": True} if order.ground else {}
        return Program(call("in_ranked_colours", node, kept=order.kept, features=order.features, **ground))


def prepare(task: DslTask, normalise: bool = True, ground: bool = False) -> Prepared:
    """Normalise the colours of a task, with `ground` also which colour is the background."""
    if not normalise:
        same = tuple(range(10))
        return Prepared(task, None, task.demos, task.test_inputs, (same,) * len(task.inputs))
    order = colours.fit(task.demos, ground)
    numberings = tuple(order.numbering(grid) for grid in task.inputs)
    demos = tuple(
        (colours.apply_numbering(before, numbering), colours.apply_numbering(after, numbering))
        for (before, after), numbering in zip(task.demos, numberings, strict=False)
    )
    tests = tuple(
        colours.apply_numbering(grid, numbering)
        for grid, numbering in zip(task.test_inputs, numberings[len(demos) :], strict=True)
    )
    return Prepared(task, order, demos, tests, numberings)


@dataclass(frozen=True, eq=False)
class Found:
    """The joint states of one search, and how to write them as programs."""

    dag: engine.Dag
    joint: Joint
    roots: tuple[Node, ...]
    frames: tuple[Node, ...]

    def cells(self, state: int, grid: int) -> Cells:
        """The first picture of a joint state in one grid."""
        _, _, height, width, at = self.dag.pictures[self.dag.nodes[self.joint.nodes[state, grid], 0]].tolist()
        return self.dag.pixels[at : at + height * width].reshape(height, width).astype(np.int8)

    def node(self, state: int) -> Node:
        """The program of a joint state."""
        path = []
        while self.joint.parent[state] >= 0:
            path.append(int(self.joint.op[state]))
            state = int(self.joint.parent[state])
        node = self.roots[int(self.joint.op[state])]
        for number in reversed(path):
            node = ops.operations()[number].node(node, self.frames)
        return node


def search(prepared: Prepared, depth: int, size: sizes.SizeGuess | None) -> Found:
    """Grow and join the states of all grids.

    Args:
        prepared: the task.
        depth: 10 per operation.
        size: the output's size; None searches without one (to find sizes).
    """
    demos, tests = prepared.demos, prepared.test_inputs
    inputs = [before for before, _ in demos] + list(tests)
    max_nodes = MAX_NODES if depth <= DEPTH else MAX_DEEP_NODES
    known = None
    if size is not None:
        known = size.sizes.copy()
        known[: len(demos)] = prepared.targets
    roots: list[list[Picture]] = []
    words, made = searched_words(prepared, inputs)
    for number, grid in enumerate(inputs):
        own = [grid, np.zeros_like(grid)]
        if known is not None:
            own.append(np.zeros(tuple(known[number]), np.int8))
        own += [np.zeros_like(after) if other == number else after for other, (_, after) in enumerate(demos)]
        roots.append([Picture(cells) for cells in own] + made[number])
    n_roots = len(roots[0])
    flat = [root for own in roots for root in own]
    pixels = np.concatenate([root.cells.ravel() for root in flat]).astype(np.uint8)
    offsets = np.cumsum([0] + [root.cells.size for root in flat[:-1]])
    pictures = np.array(
        [(root.row, root.col, *root.cells.shape, at) for root, at in zip(flat, offsets, strict=True)], np.int32
    )
    depths = np.array([0] + [10] * (n_roots - 1), np.int64)
    frames = np.array([[grid.shape] for grid in inputs], np.int64)
    targets = np.zeros((len(inputs), 2), np.int64)
    finish: list[tuple[int, int]] = [(ops.find("pile"), -1)]
    names: list[Node] = [INPUT, call("blank", INPUT)]
    if size is not None and known is not None:
        frames = np.stack([frames[:, 0], known], axis=1)
        targets = known
        palette = set.intersection(*(set(np.unique(after).tolist()) for _, after in demos))
        finish = ops.finishers(tuple(c for c in range(1, 6) if c in palette))
        names.append(size.node)
    names += [call("demo_output", number) for number in range(len(demos))] + words
    dag = engine.build(
        pixels, pictures, depths, n_roots, frames, ops.table(), np.array(finish, np.int32), targets, depth,
        prepared.limit, max_nodes, MAX_BYTES,
    )  # fmt: skip
    finish_ops = np.array([op for op, _ in finish], np.int64)
    joint = join(dag, finish_ops, n_roots, MAX_JOINT)
    return Found(dag, joint, tuple(names), tuple(names[1:3] if size is not None else names[1:2]))


def searched_words(prepared: Prepared, inputs: list[Cells]) -> tuple[list[Node], list[list[Picture]]]:
    """What the words marked `searched` make of the inputs, where they apply to all of them.

    Returns:
        The program of each such word, and for each input its pictures.
    """
    words: list[Node] = []
    made: list[list[Picture]] = [[] for _ in inputs]
    for word in (word for word in REGISTRY if word.searched):
        node = call(word.name, INPUT)
        try:
            values = [
                evaluate_value(node, grid, Context(prepared.demos, number if number < len(prepared.demos) else None))
                for number, grid in enumerate(inputs)
            ]
        except EvaluationError:
            continue
        if all(isinstance(value, Picture) and 0 < value.cells.size <= prepared.limit for value in values):
            words.append(node)
            for pictures, value in zip(made, values, strict=True):
                pictures.append(value)
    return words, made


def guess_sizes(prepared: Prepared, clock: Clock, keep: int = 2) -> tuple[list[sizes.SizeGuess], Found]:
    """Output sizes, the best guess first: from one operation, and where that does not fit from two; and that search."""
    found = search(prepared, 10, None)
    guesses = guess_from(prepared, found, keep)
    if not (guesses and guesses[0].fits == len(prepared.demos)) and not clock.is_over:
        found = search(prepared, DEPTH, None)
        guesses = guess_from(prepared, found, keep)
    return guesses, found


def guess_from(prepared: Prepared, found: Found, keep: int) -> list[sizes.SizeGuess]:
    """Fit size expressions to the pictures of a search."""
    dag, joint = found.dag, found.joint
    shape = dag.pictures[dag.nodes[joint.nodes[joint.pieces], 0], 2:4].astype(np.int64)
    _, first = np.unique(shape.reshape(len(shape), -1), axis=0, return_index=True)
    first = np.sort(first)[: sizes.MAX_SEEDS]
    nodes = [found.node(int(joint.pieces[i])) for i in first]
    return sizes.guess(shape[first], nodes, prepared.targets, keep)


@dataclass(frozen=True, eq=False)
class Piecewise:
    """A composition with its score, in normal colours."""

    score: float
    explained: tuple[bool, ...]
    predictions: tuple[Cells | None, ...]
    node: Node
    cost: float


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of a search as rows of cells over all grids.

    Attributes:
        size: the output size they have.
        masks: their cells, and where they are wrong.
        depths: of each piece, rising.
        offsets: first cell of each grid, and the number of cells.
        target: the outputs' cells; `greedy.UNKNOWN` for test grids.
        known: [grid, 2] sizes, the demonstrations' true ones.
        is_sized: whether the size guess is right for each demonstration.
    """

    size: sizes.SizeGuess
    masks: greedy.Masks
    depths: NDArray[np.int64]
    offsets: NDArray[np.int64]
    target: NDArray[np.uint8]
    known: NDArray[np.int64]
    is_sized: NDArray[np.bool_]

    def predictions(self, row: NDArray[np.uint8]) -> tuple[Cells | None, ...]:
        """The test grids of a row of cells; None where cells are unknown."""
        n_demos = len(self.is_sized)
        grids: list[Cells | None] = []
        for grid in range(n_demos, len(self.known)):
            part = row[self.offsets[grid] : self.offsets[grid + 1]].reshape(tuple(self.known[grid])).astype(np.int8)
            grids.append(None if part.max() == greedy.UNKNOWN else part)
        return tuple(grids)


def pieces_of(prepared: Prepared, found: Found, size: sizes.SizeGuess) -> Pieces:
    """The pieces of a search."""
    dag, joint = found.dag, found.joint
    demos = prepared.demos
    known = size.sizes.copy()
    known[: len(demos)] = prepared.targets
    offsets = np.concatenate([[0], np.cumsum(known.prod(axis=1))]).astype(np.int64)
    target = np.full(offsets[-1], greedy.UNKNOWN, np.uint8)
    target[: offsets[len(demos)]] = np.concatenate([after.ravel() for _, after in demos])
    masks = greedy.piece_masks(dag, joint.nodes[joint.pieces], offsets, target)
    depths = joint.depth[joint.pieces].astype(np.int64)
    is_sized = (size.sizes[: len(demos)] == prepared.targets).all(axis=1)
    return Pieces(size, masks, depths, offsets, target, known, is_sized)


def compose(prepared: Prepared, found: Found, pieces: Pieces) -> list[Piecewise]:
    """Compose outputs from the pieces of a search, best first."""
    n_demos = len(prepared.demos)
    subsets = min(1 << n_demos, 1 << 5)
    made = greedy.compose(
        pieces.masks, pieces.depths, pieces.offsets, n_demos, pieces.target, subsets, MAX_COMPOSITIONS
    )
    results = []
    for number in range(len(made.cells)):
        bits = int(made.explained[number])
        explained = tuple(bool(bits >> d & 1) for d in range(n_demos))
        predictions = pieces.predictions(made.cells[number])
        if not bits or all(part is None for part in predictions):
            continue
        used = [int(k) for k in made.pieces[number] if k >= 0]
        node = stack_node(found, [int(found.joint.pieces[k]) for k in used], made.modes[number])
        depth = int(made.depth[number])
        score = sum(explained) - 0.01 * (depth + 1e-3 * len(used))
        honest = tuple(e and bool(s) for e, s in zip(explained, pieces.is_sized, strict=True))
        results.append(Piecewise(score, honest, predictions, node, depth + 1e-3 * len(used)))
    results.sort(key=lambda result: -result.score)
    return results


def stack_node(found: Found, states: list[int], modes: NDArray[np.int32]) -> Node:
    """The program of a composition."""
    names = ("colours", "zeros", "all")
    if len(states) == 1 and modes[0] == 2:
        return found.node(states[0])
    parts = Sequence("list", tuple(found.node(state) for state in states))
    return call("stack", parts, [names[int(mode)] for mode in modes[: len(states)]])


def lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Search one task in normal colours: with the commonest colour as background, and where that fails with 0."""
    for ground in (True, False) if any(map(colours.ground_colour, task.inputs)) else (False,):
        is_explained = False
        for result, prepared in explore(prepare(task, ground=ground), clock, DEPTH):
            is_explained = is_explained or all(result.explained)
            yield as_hypothesis(prepared, result, LANE)
        if is_explained or clock.is_over:
            return


def deep_lane(task: DslTask, clock: Clock) -> Iterator[Hypothesis]:
    """Search one operation deeper and five times as wide: about 3 s."""
    prepared = prepare(task, ground=any(map(colours.ground_colour, task.inputs)))
    for result, _ in explore(prepared, clock, DEPTH + 10):
        yield as_hypothesis(prepared, result, LANE)


def explore(prepared: Prepared, clock: Clock, depth: int) -> Iterator[tuple[Piecewise, Prepared]]:
    """Guess the size, search and compose; where that explains too little, with the next sizes that fit as well."""
    guesses, unsized = guess_sizes(prepared, clock, keep=1 if prepared.task.is_same_size else MOST_SIZES)
    best = guesses[0] if guesses else None
    if not prepared.task.is_same_size:
        for result in products(prepared, unsized):
            yield result, prepared
    for number, size in enumerate(guesses):
        if clock.is_over or (best and (size.fits < best.fits or size.loss > MOST_LOSS * best.loss)):
            return
        found = search(prepared, depth, size)
        if not clock.spend(found.dag.attempts):
            return
        is_explained = False
        for result in compose(prepared, found, pieces_of(prepared, found, size)):
            is_explained = is_explained or all(result.explained)
            yield replace(result, cost=result.cost + SIZE_COST * number), prepared
        if is_explained:
            return


def products(prepared: Prepared, found: Found) -> Iterator[Piecewise]:
    """Outputs that are a picture drawn once for each filled cell of another, both made by the search for sizes.

    The two factors are looked for among the simplest pictures, as icecuber does for its outer products.
    """
    dag, joint = found.dag, found.joint
    states = joint.pieces[: sizes.MAX_SEEDS]
    shapes = dag.pictures[dag.nodes[joint.nodes[states], 0], 2:4].astype(np.int64)
    n_demos = len(prepared.demos)
    fits = (shapes[:, None, :n_demos] * shapes[None, :, :n_demos] == prepared.targets).all(axis=(2, 3))
    is_cell = (shapes == 1).all(axis=(1, 2))
    fits &= ~is_cell[:, None] & ~is_cell[None]
    made = 0
    for a, b in np.argwhere(fits).tolist()[:MAX_PRODUCTS]:
        for colours_of in ("drawing", "mask"):
            grids = [
                outer_cells(found.cells(int(states[a]), g), found.cells(int(states[b]), g), colours_of)
                for g in range(n_demos)
            ]
            explained = tuple(
                np.array_equal(grid, after) for grid, (_, after) in zip(grids, prepared.demos, strict=True)
            )
            if 2 * sum(explained) <= n_demos:
                continue
            tests = tuple(
                outer_cells(found.cells(int(states[a]), g), found.cells(int(states[b]), g), colours_of)
                for g in range(n_demos, len(shapes[0]))
            )
            if any(not 0 < grid.size <= 900 or max(grid.shape) > 30 for grid in tests):
                continue
            depth = int(joint.depth[states[a]] + joint.depth[states[b]])
            node = call("outer", found.node(int(states[a])), found.node(int(states[b])), colours_of)
            yield Piecewise(sum(explained) - 0.01 * depth, explained, tests, node, float(depth))
            made += 1
            if made == 4:
                return


def as_hypothesis(prepared: Prepared, result: Piecewise, lane: str) -> Hypothesis:
    """In the grids' own colours."""
    tests = prepared.numberings[len(prepared.demos) :]
    predictions = tuple(
        None if grid is None else colours.apply_numbering(grid, colours.inverse(numbering))
        for grid, numbering in zip(result.predictions, tests, strict=True)
    )
    pieces = result.node.args[0] if isinstance(result.node, Call) and result.node.name == "stack" else None
    facts = {"pieces": float(len(pieces.items)) if isinstance(pieces, Sequence) else 1.0}
    return Hypothesis(prepared.wrap(result.node), predictions, result.explained, result.cost, lane, facts)
