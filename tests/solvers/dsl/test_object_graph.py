from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcsolve_dsl.errors import EvaluationError
from arcsolve_dsl.evaluate import Context, evaluate
from arcsolve_dsl.explain import relation_lines
from arcsolve_dsl.lane import Clock, DslTask, hypothesis_for
from arcsolve_dsl.lanes import objects
from arcsolve_dsl.lanes.object_graph import MOST_OBJECTS, PARTNERS, ObjectGraph, graph_of, relation_matrices
from arcsolve_dsl.lanes.segments import CONVENTIONS, Scene
from arcsolve_dsl.lanes.ties import VARIANTS, Tie, judge, tie
from arcsolve_dsl.picture import from_text, to_text
from arcsolve_dsl.program import parse

GRID = """
3333.
3.13.
3333.
.....
2.4.2
"""


def _graph(text: str = GRID) -> ObjectGraph:
    return graph_of(Scene(from_text(text.strip()).cells.astype(np.uint8), 0), "shapes8")


def test_nodes_carry_properties_and_edges_relations() -> None:
    graph = _graph()
    colors = dict(graph.graph.nodes(data="color"))
    assert sorted(colors.values()) == [1, 2, 2, 3, 4]
    frame, dot = (next(k for k, c in colors.items() if c == wanted) for wanted in (3, 1))
    assert graph.graph.has_edge(frame, dot, "inside")
    assert graph.graph.has_edge(dot, frame, "around")
    assert graph.graph.has_edge(dot, frame, "touches")
    assert graph.partner("around")[dot] == frame
    assert graph.partner("inside")[frame] == dot
    assert graph.partner("largest").tolist().count(frame) == 4
    twos = [k for k, c in colors.items() if c == 2]
    assert graph.partner("copy")[twos].tolist() == twos[::-1]
    assert graph.graph.edges[twos[0], twos[1], "row"]["gap"] == 3


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([name for name in CONVENTIONS if name != "parts"]))
def test_the_graph_has_the_edges_of_the_matrices(seed: int, convention: str) -> None:
    """The matrices against a plain look at every pair of cells and boxes."""
    random = np.random.default_rng(seed)
    scene = Scene((random.integers(0, 4, (6, 7)) * (random.random((6, 7)) < 0.4)).astype(np.uint8), 0)
    segments = scene.objects(convention)
    if segments.count > MOST_OBJECTS:
        return
    graph = ObjectGraph(segments).graph
    related, _ = relation_matrices(segments)
    boxes = [segments.box(k) for k in range(segments.count)]
    cells = [set(zip(*np.nonzero(segments.mask(k)), strict=True)) for k in range(segments.count)]
    for a in range(segments.count):
        for b in range(segments.count):
            if a == b:
                continue
            near = any(abs(y - v) <= 1 and abs(x - w) <= 1 for y, x in cells[a] for v, w in cells[b])
            rows, cols = (
                max(boxes[a][i].start, boxes[b][i].start) < min(boxes[a][i].stop, boxes[b][i].stop) for i in (0, 1)
            )
            assert graph.has_edge(a, b, "touches") == near == related["touches"][a, b]
            assert graph.has_edge(a, b, "row") == (rows and not cols)
            assert graph.has_edge(a, b, "column") == (cols and not rows)
            assert graph.has_edge(a, b, "inside") == graph.has_edge(b, a, "around")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(Tie)))
def test_ties_stay_in_the_grid_and_are_judged_as_they_paint(seed: int, act: Tie) -> None:
    random = np.random.default_rng(seed)
    cells = (random.integers(1, 4, (7, 8)) * (random.random((7, 8)) < 0.25)).astype(np.uint8)
    scene, output = Scene(cells, 0), random.integers(0, 3, (7, 8)).astype(np.uint8)
    graph = graph_of(scene, "shapes8")
    for name in PARTNERS:
        partners = graph.partner(name) if len(graph.graph) else np.zeros(0, np.int64)
        for b in range(VARIANTS[act]):
            verdict = judge(scene, output, "shapes8", partners, act, b)
            for k, partner in enumerate(partners.tolist()):
                found = tie(scene, "shapes8", k, partner, act, b)
                if found is None or not len(found.cells):
                    assert verdict[k, 0] == -1
                    continue
                assert found.cells.min() >= 0
                assert found.cells.max() < cells.size
                assert verdict[k, 0] == (output.ravel()[found.cells] == found.colors).all()


@pytest.mark.parametrize(
    ("before", "rule", "after"),
    [
        ("2..2\n....", "(('', 'all', 0), 'JOIN', 'copy', 0, 'color3', False)", "2332\n...."),
        ("2....1\n.3...1", "(('color', 'is', 3), 'APPROACH', 'color1', 0, 'keep', True)", "2....1\n....31"),
        ("5....\n...22\n...2.", "(('color', 'is', 2), 'ALIGN', 'color5', 0, 'keep', True)", "5..22\n...2.\n....."),
        ("22...\n..1..\n.....", "(('color', 'is', 2), 'REFLECT', 'color1', 0, 'keep', False)", "22.22\n..1..\n....."),
        ("66...\n66.78", "(('size', 'is', 4), 'RECOLOR', 0, 0, 'of in-row', False)", "77...\n77.78"),
        ("12.55\n21.55", "(('color', 'is', 5), 'COPY', 'same-box', 0, 'keep', False)", "12.12\n21.21"),
        ("1.1....", "(('is_rightmost', 'is', 1), 'CONTINUE', 'copy', 1, 'keep', False)", "1.1.1.1"),
        ("1...\n....\n..1.", "(('', 'all', 0), 'SPAN', 'copy', 0, 'color2', False)", "122.\n222.\n221."),
    ],
)
def test_what_ties_do(before: str, rule: str, after: str) -> None:
    kind = "things8" if "COPY" in rule else "shapes8"
    made = evaluate(parse(f"object_rule(input, 0, '{kind}', ({rule},))"), from_text(before).cells)
    assert to_text(made) == to_text(from_text(after))


def test_a_rule_about_partners_is_learned() -> None:
    """Every dot takes the colour of the bar in its row, wherever the bar is."""
    random = np.random.default_rng(0)
    pairs = []
    for _ in range(4):
        grid = np.zeros((12, 12), np.int8)
        column = random.integers(0, 10)
        for row, color in zip((1, 5, 9), random.permutation([1, 2, 3, 4])[:3], strict=True):
            grid[row : row + 2, column : column + 2] = color
            grid[row, (column + random.integers(3, 9)) % 12] = 5
        after = evaluate(
            parse("object_rule(input, 0, 'shapes8', ((('color', 'is', 5), 'RECOLOR', 0, 0, 'of in-row', False),))"),
            grid,
        )
        pairs.append((grid, after))
    task = DslTask(tuple(pairs[:-1]), (pairs[-1][0],))
    found = min(objects.lane(task, Clock()), key=lambda hypothesis: hypothesis.cost)
    assert np.array_equal(found.predictions[0], pairs[-1][1])
    assert hypothesis_for(parse(found.program.text), task, "again").explained == found.explained


@pytest.mark.parametrize("wrong", ["'JOIN', 'nobody'", "'FLY', 'largest'", "'FLY', 0"])
def test_unknown_actions_and_partners_are_errors(wrong: str) -> None:
    with pytest.raises(EvaluationError, match="There is no"):
        evaluate(
            parse(f"object_rule(input, 0, 'shapes8', ((('', 'all', 0), {wrong}, 0, 'keep', False),))"),
            np.ones((2, 2), np.int8),
        )


def test_relations_that_a_program_uses_are_told() -> None:
    program = parse("object_rule(input, 0, 'shapes8', ((('size', 'is', 4), 'RECOLOR', 0, 0, 'of in-row', False),))")
    lines = relation_lines(program, from_text("66...\n66.78").cells, Context())
    assert lines == ["relation 'in-row': 6 at 0,0 -> 7 at 1,3"]
