"""Reading data sets: every format, and every way in which a file can be wrong."""

import json
import pickle

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import arcsolve
from arcsolve import data, plugins
from arcsolve.reference import Origin
from arcsolve.registry import Registry

GRID = [[1, 2], [3, 4]]
PAIR = {"input": GRID, "output": [[5]]}
TASK = {"train": [PAIR], "test": [PAIR]}
CHALLENGE = {"train": [PAIR], "test": [{"input": GRID}]}


def write(folder, **files):
    for name, value in files.items():
        folder.joinpath(f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return folder


@given(hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=35), elements=st.integers(0, 9)))
def test_a_grid_is_the_same_from_rows_and_from_arrays(array):
    from_rows = arcsolve.as_grid(array.tolist())
    assert from_rows.dtype == np.int8
    assert np.array_equal(from_rows, array)
    assert not from_rows.flags.writeable
    assert np.array_equal(arcsolve.as_grid(array), array)
    assert arcsolve.as_grid(from_rows) is from_rows


def test_a_grid_is_never_shared_with_a_writeable_array():
    array = np.zeros((2, 2), np.int8)
    view = array[:]
    view.setflags(write=False)
    grid = arcsolve.as_grid(view)
    array[0, 0] = 7
    assert grid[0, 0] == 0
    assert not arcsolve.as_grid(array).flags.writeable


def test_a_folder_of_tasks_leaves_other_files_alone(tmp_path):
    write(tmp_path, b=TASK, a=CHALLENGE)
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / ".hidden.json").write_text("nonsense")
    (tmp_path / "sub").mkdir()
    dataset = data.load(tmp_path)
    assert [task.id for task in dataset] == ["a", "b"]
    assert dataset["a"].solution is None
    assert dataset["b"].solution[0].tolist() == [[5]]
    assert dataset.name == tmp_path.name


def test_a_single_task_file(tmp_path):
    write(tmp_path, abc={**TASK, "name": "extra keys are ignored"})
    assert [task.id for task in data.load(tmp_path / "abc.json")] == ["abc"]


def test_kaggle_files_with_and_without_solutions(tmp_path):
    write(tmp_path, x_challenges={"t1": CHALLENGE, "t0": CHALLENGE})
    assert [task.solution for task in data.load(tmp_path / "x_challenges.json")] == [None, None]
    write(tmp_path, x_solutions={"t0": [[[1]]], "t1": [[[2]]]})
    for path in (tmp_path / "x_challenges.json", tmp_path):
        dataset = data.load(path)
        assert [(task.id, task.solution[0].tolist()) for task in dataset] == [("t1", [[2]]), ("t0", [[1]])]
        assert dataset.name == "x"


def test_a_rearc_list_becomes_one_task(tmp_path):
    pairs = [{"input": [[i]], "output": [[i, i]]} for i in range(6)]
    write(tmp_path, t=pairs)
    task = data.load(tmp_path)["t"]
    assert [pair.input[0, 0] for pair in task.challenge.train] == [0, 1, 2]
    assert task.solution[0].tolist() == [[3, 3]]


def test_grids_wider_than_thirty_are_accepted(tmp_path):
    wide = {"input": [[0] * 50], "output": [[1] * 50]}
    write(tmp_path, wide={"train": [wide], "test": [wide]})
    assert data.load(tmp_path)["wide"].challenge.test_inputs[0].shape == (1, 50)


def test_the_byte_order_mark_is_ignored(tmp_path):
    (tmp_path / "t.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(TASK).encode())
    assert len(data.load(tmp_path)) == 1


def test_the_hash_depends_on_content_not_on_order_or_format(tmp_path):
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder", t0=TASK, t1=CHALLENGE)
    write(tmp_path, x_challenges={"t1": CHALLENGE, "t0": TASK})
    one, two = data.load(tmp_path / "folder"), data.load(tmp_path / "x_challenges.json")
    assert one.sha256 == two.sha256
    write(tmp_path, x_challenges={"t1": TASK, "t0": TASK})
    assert data.load(tmp_path / "x_challenges.json").sha256 != one.sha256


def test_a_task_survives_pickling_read_only():
    task = data.parse_task("t", TASK)
    copy = pickle.loads(pickle.dumps(task))
    assert copy.sha256 == task.sha256
    with pytest.raises(ValueError, match="read-only"):
        copy.challenge.test_inputs[0][0, 0] = 3


def test_named_sets_come_from_plugins_and_go_before_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, t=TASK)
    registry = Registry()
    named = arcsolve.Dataset("mine", (data.parse_task("named", TASK),))
    registry.add_dataset(Origin("p", "d"), "t.json", lambda: named)
    assert [task.id for task in data.load("t.json", registry)] == ["named"]
    assert [task.id for task in data.load("./t.json", registry)] == ["t"]


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: 3, "gives a int, not an arcsolve.Dataset"),
        (lambda: 1 / 0, "can't be loaded: ZeroDivisionError"),
        ("no_such_module_x:load", "can't be loaded: No module named 'no_such_module_x'"),
        ("json:nothing", "json has no 'nothing'"),
    ],
)
def test_a_plugin_with_a_bad_data_set(load, message):
    registry = Registry()
    registry.add_dataset(Origin("p", "d", "1"), "mine", load)
    with pytest.raises(arcsolve.ArcsolveError, match="Data set 'mine'") as error:
        data.load("mine", registry)
    assert message in str(error.value)


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(arcsolve.ArcsolveError, match=r"'arc1:evalution'\. Did you mean: arc1:evaluation.* no file or"):
        data.load("arc1:evalution", plugins.load())


def grid(value):
    return {"train": [{"input": value, "output": GRID}], "test": [PAIR]}


BAD_TASKS = {
    "not-json": ("{", "not JSON"),
    "truncated": (json.dumps(TASK)[:30], "line 1, column"),
    "empty-file": ("", "the file is empty"),
    "a-number": (3, "expected an object with 'train' and 'test', found a number"),
    "nested": ("[" * 100_000, "nested too deeply"),
    "no-test": ({"train": [PAIR]}, "the key 'test' is missing (found: 'train')"),
    "no-train": ({"test": [PAIR]}, "the key 'train' is missing"),
    "train-empty": ({"train": [], "test": [PAIR]}, "'train' is empty"),
    "test-empty": ({"train": [PAIR], "test": []}, "'test' is empty"),
    "train-object": ({"train": {}, "test": [PAIR]}, "'train' should be a list of pairs, found an object"),
    "pair-list": ({"train": [[GRID, GRID]], "test": [PAIR]}, "train[0]: expected an object"),
    "no-input": ({"train": [{"output": GRID}], "test": [PAIR]}, "train[0]: the key 'input' is missing"),
    "no-output": ({"train": [{"input": GRID}], "test": [PAIR]}, "train[0]: the key 'output' is missing"),
    "ragged": (grid([[1, 2], [3]]), "train[0].input: ragged rows: row 1 has 1 cells, the rows above have 2"),
    "colour-10": (grid([[1, 10]]), "row 0, column 1: colours are integers 0-9, found 10"),
    "colour-negative": (grid([[-1]]), "found -1"),
    "boolean": (grid([[0, 1], [0, True]]), "row 1, column 1: colours are integers 0-9, found True"),
    "float": (grid([[1.0]]), "found 1.0"),
    "nan": ('{"train": [{"input": [[NaN]], "output": [[1]]}], "test": [{"input": [[1]]}]}', "found nan"),
    "text": (grid([["1"]]), "found '1'"),
    "null": (grid([[None]]), "found None"),
    "huge": (grid([[10**30]]), "found 1000"),
    "no-rows": (grid([]), "the grid is empty (no rows)"),
    "no-columns": (grid([[], []]), "row 0 is empty"),
    "flat": (grid([1, 2]), "row 0 should be a list of colours, found int"),
    "grid-text": (grid("12"), "expected a list of rows, found str"),
    "three-deep": (grid([[[1]]]), "row 0, column 0: colours are integers 0-9, found [1]"),
    "some-outputs": ({"train": [PAIR], "test": [PAIR, {"input": GRID}]}, "1 of 2 tests have an output"),
    "rearc-short": ([PAIR, PAIR], "needs at least 4 pairs (3 demonstrations, 1 tests), this one has 2"),
    "rearc-bad": ([PAIR, PAIR, 3, PAIR], "train[2]: expected an object"),
    "not-a-task": ({"a": 1, "b": 2}, "task 'a': expected an object"),
    "id-empty": ({"": TASK}, "an id is printable text"),
    "id-surrogate": ('{"\\ud800": {}}', "an id is printable text"),
    "empty-object": ({}, "holds no tasks"),
    "duplicate-id": ('{"a": 1, "a": 2}', "the key 'a' occurs twice"),
    "submission": ({"t": [{"attempt_1": GRID, "attempt_2": GRID}]}, "this is a submission"),
}


@pytest.mark.parametrize(("value", "message"), BAD_TASKS.values(), ids=BAD_TASKS.keys())
def test_a_bad_task_file_is_named_with_the_place(tmp_path, value, message):
    write(tmp_path, bad=value)
    with pytest.raises(arcsolve.ArcsolveError) as error:
        data.read_path(tmp_path / "bad.json")
    assert message in str(error.value)
    assert "bad.json" in str(error.value)
    assert str(error.value).count("\n") <= 2


BAD_SOLUTIONS = {
    "list": ([1], "expected an object {id: [grid, …]}"),
    "missing": ({"t0": [GRID]}, "no solution for 1 task(s): t1"),
    "unknown": ({"t0": [GRID], "t1": [GRID], "t2": [GRID]}, "solutions for unknown 1 task(s): t2"),
    "count": ({"t0": [GRID], "t1": [GRID, GRID]}, "1 test inputs but 2 solutions"),
    "grid": ({"t0": [GRID], "t1": [[[11]]]}, "solution[0]: row 0, column 0"),
    "no-list": ({"t0": [GRID], "t1": 3}, "should be a list of grids"),
    "not-json": ("nope", "not JSON"),
}


@pytest.mark.parametrize(("value", "message"), BAD_SOLUTIONS.values(), ids=BAD_SOLUTIONS.keys())
def test_bad_solutions_are_named(tmp_path, value, message):
    write(tmp_path, x_challenges={"t0": CHALLENGE, "t1": CHALLENGE}, x_solutions=value)
    with pytest.raises(arcsolve.ArcsolveError) as error:
        data.load(tmp_path)
    assert message in str(error.value)


def complaint_about(path):
    """What reading the file complains about; its own name where it is a data set."""
    try:
        return data.read_path(path).source
    except arcsolve.ArcsolveError as error:
        return str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["train", "test", "input", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_is_a_data_set_or_the_users_error(tmp_path, value):
    path = tmp_path / "any.json"
    path.write_text(json.dumps(value))
    assert "any.json" in complaint_about(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(json.dumps(TASK)) - 1), st.sampled_from('[]{},:"0129-.eE tn') | st.just(""))
def test_a_task_file_with_one_character_changed(tmp_path, at, character):
    text = json.dumps(TASK)
    path = tmp_path / "any.json"
    path.write_text(text[:at] + character + text[at + 1 :])
    assert "any.json" in complaint_about(path)


def test_bad_folders(tmp_path):
    with pytest.raises(arcsolve.ArcsolveError, match=r"holds no \.json files"):
        data.load(tmp_path)
    (tmp_path / "training").mkdir()
    write(tmp_path / "training", t=TASK)
    with pytest.raises(arcsolve.ArcsolveError, match="Its folders do: training"):
        data.load(tmp_path)
    write(tmp_path / "training", metadata={"version": 1})
    with pytest.raises(arcsolve.ArcsolveError, match=r"metadata\.json: not a task: it has neither 'train' nor 'test'"):
        data.load(tmp_path / "training")
    write(tmp_path, a_challenges={"t": CHALLENGE}, b_challenges={"t": CHALLENGE})
    with pytest.raises(arcsolve.ArcsolveError, match=r"several data sets.*a_challenges\.json, b_challenges\.json"):
        data.load(tmp_path)
    write(tmp_path, a_solutions={})
    with pytest.raises(arcsolve.ArcsolveError, match="this file holds solutions"):
        data.load(tmp_path / "a_solutions.json")


def test_unreadable_files(tmp_path):
    with pytest.raises(arcsolve.ArcsolveError, match="no such file"):
        data.read_path(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(arcsolve.ArcsolveError, match="not text in UTF-8"):
        data.load(tmp_path / "binary.json")


def test_held_out_asks_for_the_last_demonstration(tmp_path):
    pairs = [{"input": [[k]], "output": [[k, k]]} for k in range(4)]
    tests = [{"input": [[9]], "output": [[8]]}, {"input": [[7]]}]
    write(tmp_path, few=TASK, many={"train": pairs, "test": [{"input": test["input"]} for test in tests]})
    original, (task,) = data.load(tmp_path), data.load(f"held-out:{tmp_path}").tasks
    assert task.id == "many-held-out"  # what is known by the task's name does not count
    assert [pair.input.tolist() for pair in task.challenge.train] == [[[0]], [[1]], [[2]]]
    assert [grid.tolist() for grid in task.challenge.test_inputs] == [[[3]]]
    assert [grid.tolist() for grid in task.solution] == [[[3, 3]]]
    assert data.hold_out(original["many"].challenge).sha256 == task.sha256
    assert data.hold_out(original["few"].challenge) is None
    assert data.load(f"held-out:{tmp_path}").name == f"held-out:{tmp_path.name}"


def test_held_out_needs_three_demonstrations(tmp_path):
    with pytest.raises(arcsolve.ArcsolveError, match="no task has 3 demonstrations"):
        data.load(f"held-out:{write(tmp_path, few=TASK)}")
    with pytest.raises(arcsolve.ArcsolveError, match="nosuch"):
        data.load("held-out:nosuch")
