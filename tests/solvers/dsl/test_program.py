from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcsolve_dsl.errors import ProgramError
from arcsolve_dsl.program import INPUT, Program, call, literal, parse

constants = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
names = st.sampled_from(["fill", "stack", "rotate", "largest"])
nodes = st.recursive(
    constants.map(literal) | st.just(INPUT),
    lambda inner: (
        st.builds(lambda name, args, keys: call(name, *args, **keys), names, st.lists(inner, max_size=3),
                  st.dictionaries(st.sampled_from(["by", "colour"]), inner, max_size=2))
        | st.lists(inner, max_size=3).map(literal)
        | st.lists(inner, max_size=3).map(tuple).map(literal)
        | st.lists(st.tuples(constants.map(literal), inner), max_size=3).map(
            lambda pairs: literal(dict(pairs)))
    ),
    max_leaves=12,
)  # fmt: skip


@given(nodes)
def test_text_parses_back(node: object) -> None:
    program = Program(literal(node))
    assert parse(program.text) == program


def test_calls_come_arguments_first() -> None:
    program = parse("stack(to_frame(fill(input)), largest(components(input, connectivity=8)))")
    assert [inner.name for inner in program.calls()] == ["fill", "to_frame", "components", "largest", "stack"]


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "input.cells", "a + b", "f(*x)", "f(**x)", "lambda: 1", "[x for x in y]", "1.5", "__import__('os').x"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ProgramError):
        parse(text)
