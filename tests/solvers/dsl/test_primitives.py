from __future__ import annotations

import numpy as np
import pytest

from arcsolve_dsl.errors import DslError, EvaluationError, ProgramError
from arcsolve_dsl.evaluate import Context, evaluate, steps
from arcsolve_dsl.picture import Picture, from_text, to_text
from arcsolve_dsl.program import parse
from arcsolve_dsl.registry import REGISTRY, Primitive, Registry

WORDS = list(REGISTRY)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_primitive_does_what_its_example_says(word: Primitive) -> None:
    example = word.example
    program = parse(example.program)
    assert word.name in {call.name for call in program.calls()}
    demos = tuple((from_text(before).cells, from_text(after).cells) for before, after in example.demos)
    found = evaluate(program, from_text(example.before).cells, Context(demos))
    assert to_text(found) == to_text(from_text(example.after))


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_primitive_is_documented_and_typed(word: Primitive) -> None:
    assert word.doc
    assert word.doc.endswith(".")
    assert "->" in word.signature


def test_unknown_words_are_errors_with_a_hint() -> None:
    with pytest.raises(ProgramError, match="Did you mean: rotate"):
        evaluate(parse("rotatee(input, 1)"), np.zeros((2, 2), np.int8))


def test_two_words_cannot_share_a_name() -> None:
    registry = Registry(_loaded=True)
    example = WORDS[0].example
    registry.add(Primitive("twice", from_text, "rigid", example))
    with pytest.raises(DslError, match="Two primitives are named 'twice'"):
        registry.add(Primitive("twice", to_text, "rigid", example))


def test_a_wrong_argument_is_an_evaluation_error() -> None:
    with pytest.raises(EvaluationError, match="no axis"):
        evaluate(parse("flip(input, 'sideways')"), np.zeros((2, 2), np.int8))


def test_steps_list_every_intermediate_value() -> None:
    grid = from_text("12\n34").cells
    found = steps(parse("rotate(flip(input, 'left-right'), 2)"), grid)
    assert [step.text for step in found] == ["flip(input, 'left-right')", "rotate(flip(input, 'left-right'), 2)"]
    assert isinstance(found[-1].value, Picture)
