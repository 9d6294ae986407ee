import subprocess
import sys

import numpy as np

from arcsolve.testing.tasks import ORDINARY
from arcsolve_ensemble.merging.trust import Evidence
from arcsolve_ensemble.router.model import load_model


def test_the_shipped_model_knows_the_shipped_solvers() -> None:
    model = load_model("default")
    assert {"dsl", "zero", "identity"} <= set(model.members)
    assert "training" in model.trained_on
    assert model.probe == "dsl"
    p = model.probabilities(ORDINARY)
    assert all(np.isfinite(values).all() for values in p.values())
    assert (p["dsl"] > p["zero"]).all()
    proven, hunch = Evidence(0.9, 1, "all"), Evidence(0.1, 2, "fewer", 1)
    assert model.trust("dsl", proven) > 0.6 > 0.3 > model.trust("dsl", hunch)
    assert model.trust("zero", proven) == 0


def test_using_the_model_and_importing_the_plugin_load_nothing_heavy() -> None:
    code = (
        "import sys, arcsolve_ensemble, arcsolve_ensemble.cli, arcsolve_ensemble.solver as s\n"
        "from arcsolve.testing.tasks import ORDINARY\n"
        "s.load_model('default').probabilities(ORDINARY)\n"
        "heavy = ('sklearn', 'pandas', 'scipy', 'matplotlib', 'torch', 'numba', 'sqlalchemy')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
