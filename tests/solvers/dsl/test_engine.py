"""The compiled engine against the numpy primitives, operation by operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve.data import load
from arcsolve_dsl.engine import dag as engine
from arcsolve_dsl.engine import ops
from arcsolve_dsl.engine.join import join
from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, evaluate_value
from arcsolve_dsl.picture import Cells, Picture
from arcsolve_dsl.primitives.mapping import MAX_AREA
from arcsolve_dsl.program import INPUT, Call, call
from arcsolve_dsl.registry import REGISTRY

FRAME = (4, 7)


def build(grids: list[Cells], depth: int) -> engine.Dag:
    pixels = np.concatenate([grid.ravel() for grid in grids]).astype(np.uint8)
    starts = np.cumsum([0] + [grid.size for grid in grids[:-1]])
    pictures = np.array([(0, 0, *grid.shape, at) for grid, at in zip(grids, starts, strict=True)], np.int32)
    frames = np.array([[grid.shape, FRAME] for grid in grids], np.int64)
    targets = np.array([FRAME] * len(grids), np.int64)
    finish = np.array(ops.finishers((1, 2)), np.int32)
    return engine.build(
        pixels, pictures, np.array([0]), 1, frames, ops.table(), finish, targets, depth, MAX_AREA, 10_000, 50_000_000
    )


def state(dag: engine.Dag, node: int) -> Any:
    first, count, is_list = dag.nodes[node, :3]
    pictures = []
    for row, col, height, width, at in dag.pictures[first : first + count].tolist():
        cells = dag.pixels[at : at + height * width].reshape(height, width).astype(np.int8)
        pictures.append(Picture(cells, row, col))
    return tuple(pictures) if is_list else pictures[0]


def twin(op: ops.Op, value: Any, grid: Cells) -> Any:
    """The numpy primitive's result; None where it does not apply."""
    node = op.node(INPUT, (call("blank", INPUT), call("canvas", *FRAME)))
    assert isinstance(node, Call)
    rest = node.args[1:]
    if op.kind == 10:
        like = evaluate_value((call("blank", INPUT), call("canvas", *FRAME))[op.frame], grid)
        rest = rest[1:]
    arguments = [evaluate_value(argument, grid) for argument in rest]
    if op.kind == 10:
        arguments.insert(0, like)
    try:
        return REGISTRY.get(op.word).function(value, *arguments)
    except EvaluationError:
        return None


def too_big(value: Any) -> bool:
    pictures = value if isinstance(value, tuple) else (value,)
    return sum(picture.cells.size for picture in pictures) > 5 * MAX_AREA or len(pictures) > 1000


def compare(grid: Cells, sampled: int, seed: int) -> int:
    dag = build([grid], 25)
    rng = np.random.default_rng(seed)
    expanded = np.flatnonzero(dag.nodes[:, 4] >= 0)
    chosen = {0, *rng.choice(expanded, min(sampled, len(expanded)), replace=False).tolist()}
    lists = [int(node) for node in expanded if dag.nodes[node, 2]]
    chosen |= set(lists[:3])
    checked = 0
    for node in sorted(chosen):
        value = state(dag, node)
        for number, op in enumerate(ops.operations()):
            if not op.is_searched or (op.kind == 11 and dag.nodes[node, 3] + 15 > 25):
                continue
            child = int(dag.child[dag.nodes[node, 4], number])
            expected = twin(op, value, grid)
            if child < 0:
                assert expected is None or too_big(expected), (op, node)
            else:
                assert expected == state(dag, child), (op, node, value)
            checked += 1
    return checked


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_kernels_equal_the_numpy_primitives(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 8))
    colours = data.draw(st.integers(1, 4))
    density = data.draw(st.sampled_from([0.2, 0.5, 0.9]))
    seed = data.draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    grid = (rng.integers(1, colours + 1, (height, width)) * (rng.random((height, width)) < density)).astype(np.int8)
    assert compare(grid, 12, seed) > 500


@pytest.mark.slow
def test_kernels_equal_the_numpy_primitives_on_real_grids() -> None:
    for number, task in enumerate(list(load("arc1:training"))[::40]):
        compare(np.array(task.challenge.train[0].input, np.int8), 10, number)


def test_finishing_operations_equal_the_numpy_primitives() -> None:
    grid = np.array([[0, 1, 0, 2], [1, 1, 0, 0], [0, 0, 3, 0]], np.int8)
    dag = build([grid], 20)
    finish = ops.finishers((1, 2))
    for node in range(0, len(dag.finish), 7):
        for column, (number, _) in enumerate(finish):
            child = int(dag.finish[node, column])
            if child >= 0:
                assert twin(ops.operations()[number], state(dag, node), grid) == state(dag, child)


def test_a_state_is_kept_once() -> None:
    dag = build([np.array([[1, 0], [0, 2]], np.int8)], 20)
    seen = [state(dag, node) for node in range(len(dag.nodes))]
    assert len(set(seen)) == len(seen)


def test_a_joint_state_is_the_same_program_on_every_grid() -> None:
    grids = [np.array([[1, 0, 2]], np.int8), np.array([[0, 3], [3, 1]], np.int8)]
    dag = build(grids, 20)
    finish = np.array([op for op, _ in ops.finishers((1, 2))])
    nodes, parent, op, _, pieces = join(dag, finish, 1, 100_000)
    assert len(pieces) > 20
    frames = (call("blank", INPUT), call("canvas", *FRAME))
    for at in pieces[:: max(1, len(pieces) // 40)].tolist():
        path, joint = [], at
        while parent[joint] >= 0:
            path.append(int(op[joint]))
            joint = int(parent[joint])
        node: Any = INPUT
        for number in reversed(path):
            node = ops.operations()[number].node(node, frames)
        for index, grid in enumerate(grids):
            assert evaluate_value(node, grid, Context()) == state(dag, int(nodes[at, index]))


def test_attempts_are_counted() -> None:
    dag = build([np.array([[1, 0], [0, 2]], np.int8)], 20)
    assert dag.attempts > 1000


def test_a_grid_beyond_the_engines_room_is_left_out() -> None:
    side = 300
    dag = build([np.ones((side, side), np.int8), np.array([[1, 2]], np.int8)], 10)
    first = int(dag.nodes[0, 0])
    assert dag.pictures[first].tolist() == [0] * 5
    assert len(dag.nodes) > 50
