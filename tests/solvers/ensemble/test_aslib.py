from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from arcsolve import ArcsolveError
from arcsolve_ensemble.aslib import read_scenario, write_scenario
from arcsolve_ensemble.aslib.arff import quote, read_arff, split_row, write_arff
from arcsolve_ensemble.scenario import Scenario
from arcsolve_ensemble.selection.selector import Selector

MakeScenario = Callable[..., Scenario]

DESCRIPTION = """\
scenario_id: TINY-2024
performance_measures:
    - runtime
    - nodes
maximize: false, true
performance_type:
    - runtime
    - solution_quality
algorithm_cutoff_time: 100
algorithm_cutoff_memory: ?
features_cutoff_time: "?"
default_steps:
    - base
number_of_feature_steps: 2
feature_steps:
    base:
        provides:
            - size
            - 'odd, name'
    probe:
        requires: base
        provides: [depth]
"""

RUNS = """\
% a comment
@relation 'TINY runs'
@attribute instance_id STRING
@attribute repetition NUMERIC
@ATTRIBUTE algorithm {'alpha, one',beta}
@ATTRIBUTE runtime NUMERIC
@ATTRIBUTE nodes REAL
@ATTRIBUTE runstatus {ok,timeout,memout,crash,other,not_applicable}
@DATA
'x, 1',1,'alpha, one',5.0,10,ok
'x, 1',2,'alpha, one',7.0,12,ok
'x, 1',3,'alpha, one',90.0,11,ok
'x, 1',1,beta,?,?,timeout
"it\\'s",1,'alpha, one',150,3,ok
"it\\'s",1,beta,1.5,4,ok
z,1,'alpha, one',100,?,crash
z,1,beta,2,5,ok
"""

FEATURES = """\
@RELATION f
@ATTRIBUTE instance_id STRING
@ATTRIBUTE repetition NUMERIC
@ATTRIBUTE size NUMERIC
@ATTRIBUTE 'odd, name' NUMERIC
@ATTRIBUTE depth NUMERIC
@DATA
'x, 1',1,1,?,3
'x, 1',2,3,?,5
"it\\'s",1,2,7,4
z,1,4,8,9
"""

STATUS = """\
@RELATION s
@ATTRIBUTE instance_id STRING
@ATTRIBUTE repetition NUMERIC
@ATTRIBUTE base {ok,timeout,presolved}
@ATTRIBUTE probe {ok,timeout,presolved}
@DATA
'x, 1',1,ok,ok
"it\\'s",1,ok,timeout
z,1,ok,presolved
"""

COSTS = """\
@RELATION c
@ATTRIBUTE instance_id STRING
@ATTRIBUTE repetition NUMERIC
@ATTRIBUTE base NUMERIC
@ATTRIBUTE probe NUMERIC
@DATA
'x, 1',1,0.5,1
"it\\'s",1,0.25,?
z,1,1,2
"""

FOLDS = """\
@RELATION cv
@ATTRIBUTE instance_id STRING
@ATTRIBUTE repetition NUMERIC
@ATTRIBUTE fold NUMERIC
@DATA
'x, 1',1,1
"it\\'s",1,2
z,1,2
'x, 1',2,2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "description.txt": DESCRIPTION,
        "algorithm_runs.arff": RUNS,
        "feature_values.arff": FEATURES,
        "feature_runstatus.arff": STATUS,
        "feature_costs.arff": COSTS,
        "cv.arff": FOLDS,
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_reads_quotes_repetitions_missing_values_statuses_and_costs(folder: Path) -> None:
    scenario = read_scenario(folder)
    assert scenario.name == "TINY-2024"
    assert scenario.instances == ("x, 1", "it's", "z")
    assert scenario.algorithms == ("alpha, one", "beta")
    assert scenario.cutoff_s == 100
    assert scenario.solved.tolist() == [[True, False], [False, True], [False, True]]
    assert scenario.performance[0, 0] == 7.0  # the median of three repetitions
    assert scenario.costs.tolist() == [[7.0, 1000.0], [1000.0, 1.5], [1000.0, 2.0]]
    assert scenario.feature_names == ("size", "odd, name", "depth")
    np.testing.assert_array_equal(scenario.features, [[2, np.nan, 4], [2, 7, np.nan], [4, 8, np.nan]])
    assert scenario.presolved.tolist() == [[False, False], [False, False], [False, True]]
    assert scenario.step_costs.tolist() == [[0.5, 1.0], [0.25, 0.0], [1.0, 2.0]]
    assert scenario.folds.tolist() == [1, 2, 2]
    assert scenario.required_steps(["probe"]) == ("base", "probe")
    assert scenario.feature_columns(["base"]).tolist() == [0, 1]
    assert scenario.default_steps == ("base",)


def test_reads_another_measure_as_quality_to_be_maximised(folder: Path) -> None:
    scenario = read_scenario(folder, measure="nodes")
    assert not scenario.is_runtime
    assert scenario.is_maximised
    assert scenario.costs[0, 0] == -11
    assert scenario.costs[1].tolist() == [-3, -4]
    assert scenario.costs[0, 1] == -3  # no value: the worst one seen


def test_costs_and_statuses_may_be_absent(folder: Path) -> None:
    (folder / "feature_costs.arff").unlink()
    (folder / "feature_runstatus.arff").unlink()
    scenario = read_scenario(folder)
    assert not scenario.step_costs.any()
    assert scenario.features[2, 2] == 9
    assert any("free" in note for note in scenario.notes)


def test_nominal_features_become_codes(folder: Path) -> None:
    (folder / "feature_runstatus.arff").unlink()
    path = folder / "feature_values.arff"
    path.write_text(path.read_text().replace("z,1,4,8,9", "z,1,4,8,deep").replace(",7,4", ",7,?"))
    scenario = read_scenario(folder)
    assert scenario.features[:, 2].tolist()[::2] == [0.5, 2.0]  # "3" and "5" are codes 0 and 1, "deep" is 2


def test_a_scenario_without_features_still_has_schedules(folder: Path) -> None:
    (folder / "feature_values.arff").write_text("@RELATION f\n@ATTRIBUTE instance_id STRING\n@DATA\nz\n")
    (folder / "feature_runstatus.arff").unlink()
    scenario = read_scenario(folder)
    assert scenario.features.shape == (3, 0)
    assert len(Selector(trees=5, inner_trees=5).fit(scenario).plans(scenario).algorithms) == 3


def test_old_description_dialect(folder: Path) -> None:
    (folder / "description.txt").write_text(
        "scenario_id: OLD\nperformance_measures: runtime\nmaximize: false\nperformance_type: runtime\n"
        "algorithm_cutoff_time: ?\nalgorithms_deterministic: beta, other\nfeature_step base: size\n"
    )
    scenario = read_scenario(folder)
    assert scenario.algorithms == ("beta", "alpha, one")
    assert scenario.cutoff_s == 150  # the longest successful run stands in
    assert [step.name for step in scenario.steps] == ["base"]


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("description.txt", "performance_measures", "no_measures", "performance_measures"),
        ("description.txt", "algorithm_cutoff_time: 100", "algorithm_cutoff_time: soon", "algorithm_cutoff_time"),
        ("description.txt", "scenario_id: TINY-2024", "scenario_id: [", "YAML"),
        ("algorithm_runs.arff", "z,1,beta,2,5,ok", "z,1,beta,?,5,ok", "data row 8"),
        ("algorithm_runs.arff", "z,1,beta,2,5,ok", "z,1,beta,fast,5,ok", "'fast'"),
        ("algorithm_runs.arff", "z,1,beta,2,5,ok", "z,1,beta,2,5", "5 values for 6"),
        ("algorithm_runs.arff", "@DATA", "", "expected @RELATION"),
        ("algorithm_runs.arff", "@ATTRIBUTE algorithm", "@ATTRIBUTE solver", "'algorithm'"),
        ("feature_values.arff", "z,1,4,8,9", "{0 z, 1 1}", "sparse"),
        ("cv.arff", "z,1,2", "z,1,?", "'z' has no fold"),
    ],
)
def test_says_what_is_wrong(folder: Path, name: str, old: str, new: str, words: str) -> None:
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    with pytest.raises(ArcsolveError, match=words) as caught:
        read_scenario(folder)
    assert name in str(caught.value)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArcsolveError, match="not a folder"):
        read_scenario(tmp_path / "nowhere")
    (folder / "cv.arff").unlink()
    with pytest.raises(ArcsolveError, match="--folds"):
        read_scenario(folder)
    assert set(read_scenario(folder, folds=3).folds.tolist()) == {1, 2, 3}
    (folder / "algorithm_runs.arff").unlink()
    with pytest.raises(ArcsolveError, match=r"algorithm_runs\.arff"):
        read_scenario(folder)


@pytest.mark.parametrize("word", ["plain", "two words", "a,b", "it's", "back\\slash", "?", "%", "{x}", '"', ""])
def test_quoted_words_survive(tmp_path: Path, word: str) -> None:
    path = tmp_path / "a.arff"
    write_arff(path, "r", [(word or "n", "STRING"), ("v", "NUMERIC")], [[word, 0.1], [word, None]])
    relation = read_arff(path)
    assert relation.names[0] == (word or "n")
    assert [row[0] for row in relation.rows] == [word, word]
    assert [row[1] for row in relation.rows] == ["0.1", None]


def test_non_ascii_is_written_as_ascii() -> None:
    assert quote("naïve").isascii()
    assert split_row("a, 'b, c' ,?") == ["a", "b, c", None]


def test_round_trip(tmp_path: Path, make_scenario: MakeScenario) -> None:
    scenario = make_scenario(n=40, features=9, cost_s=1.0, seed=3)
    again = read_scenario(write_scenario(scenario, tmp_path / "s"))
    for name in ("instances", "algorithms", "feature_names", "cutoff_s", "is_runtime"):
        assert getattr(again, name) == getattr(scenario, name)
    for name in ("performance", "solved", "features", "folds", "step_costs", "presolved"):
        np.testing.assert_array_equal(getattr(again, name), getattr(scenario, name))
    with pytest.raises(ArcsolveError, match="already"):
        write_scenario(scenario, tmp_path / "s")


@pytest.mark.parametrize("is_runtime", [True, False])
def test_asf_reads_what_we_write(tmp_path: Path, make_scenario: MakeScenario, is_runtime: bool) -> None:
    asf_reader = pytest.importorskip("asf.scenario.aslib_reader")
    base = make_scenario(n=40, features=9, cost_s=1.0, seed=3)
    scenario: Scenario = base
    if not is_runtime:
        scenario = Scenario(
            name="quality",
            instances=base.instances,
            algorithms=base.algorithms,
            performance=np.random.default_rng(0).random(base.performance.shape),
            solved=np.ones(base.solved.shape, dtype=bool),
            features=base.features,
            feature_names=base.feature_names,
            folds=base.folds,
            is_runtime=False,
            is_maximised=True,
        )
    write_scenario(scenario, tmp_path / "s")
    features, performance, seconds, cv, _, maximize, budget, _ = asf_reader.read_aslib_scenario(
        str(tmp_path / "s"), training_par_factor=10.0 if is_runtime else None
    )
    assert maximize is scenario.is_maximised
    assert list(features.index) == sorted(scenario.instances)
    order = np.argsort(scenario.instances)
    np.testing.assert_allclose(features[list(scenario.feature_names)].to_numpy(), scenario.features[order])
    want = scenario.costs if is_runtime else scenario.performance
    np.testing.assert_allclose(performance[list(scenario.algorithms)].to_numpy(), want[order])
    assert cv["fold"].astype(int).tolist() == scenario.folds[order].tolist()
    if is_runtime:
        assert budget == scenario.cutoff_s
        np.testing.assert_allclose(seconds.to_numpy().sum(axis=1), scenario.step_costs.sum(axis=1)[order])


def test_names_that_yaml_takes_for_numbers_or_flags_and_unknown_values_in_lists(folder: Path) -> None:
    text = (folder / "description.txt").read_text()
    text = text.replace("provides: [depth]", "provides: [depth, 007, no]\nfeatures_cutoffs: [?, 3, ?]\nextra: [ ? ]")
    (folder / "description.txt").write_text(text)
    table = (folder / "feature_values.arff").read_text().splitlines()
    at = next(i for i, line in enumerate(table) if line.lower().startswith("@data"))
    table = [line + ",'?',2" if i > at and line and not line.startswith("%") else line for i, line in enumerate(table)]
    table[at:at] = ["@ATTRIBUTE 007 NUMERIC", "@attribute\tno\tNUMERIC"]
    (folder / "feature_values.arff").write_text("\r\n".join(table))
    scenario = read_scenario(folder)
    assert scenario.steps[1].provides == ("depth", "007", "no")
    assert scenario.feature_names[-2:] == ("007", "no")
    assert np.isnan(scenario.features[:, -2]).all()
    assert (scenario.features[:, -1][~np.isnan(scenario.features[:, -1])] == 2).all()
