"""A training process that is killed (SIGKILL) at random steps and started again ends with the same weights."""

import random
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from arcsolve_hrm.config import PRESETS  # noqa: E402
from arcsolve_hrm.pairs import SourceTask, build  # noqa: E402
from arcsolve_hrm.recipe import Recipe  # noqa: E402
from arcsolve_hrm.train import Trainer  # noqa: E402

STEPS = 14
CONFIG = replace(PRESETS["tiny"], hidden_size=32, num_heads=2, dropout=0.1, forward_dtype="float32")
RECIPE = Recipe(steps=STEPS, row_tokens=256, documents=16, ema=0.9, seed=3)

CHILD = """
    import sys
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from arcsolve_hrm.config import HRMConfig
    from arcsolve_hrm.pairs import PairSet
    from arcsolve_hrm.recipe import Recipe
    from arcsolve_hrm.train import Trainer
    folder = Path(sys.argv[1])
    trainer = Trainer(folder / "run", PairSet.load(folder / "train.npz"), HRMConfig.from_dict({config!r}),
                      Recipe(**{recipe!r}), torch.device("cpu"), say=lambda _: None)
    while trainer.progress.step < {steps}:
        trainer.step()
        print(trainer.progress.step, flush=True)
        if trainer.progress.step % 2 == 0:
            trainer.save()
    trainer.save()
"""


def small_pairs():
    rng = np.random.default_rng(0)
    tasks = []
    for name in range(4):
        sources = [rng.integers(0, 10, (2 + name, 3), dtype=np.uint8) for _ in range(4)]
        flipped = [(source, source[:, ::-1].copy()) for source in sources]
        tasks.append(SourceTask(str(name), flipped[:3], flipped[3:]))
    return build({"t": tasks}, {}, held_out_tasks=1)[0]


@pytest.mark.slow
def test_killed_at_random_steps_and_resumed_equals_uninterrupted(tmp_path, one_thread):
    pairs = small_pairs()
    pairs.save(tmp_path / "train.npz")
    whole = Trainer(tmp_path / "whole", pairs, CONFIG, RECIPE, torch.device("cpu"), say=lambda _: None)
    for _ in range(STEPS):
        whole.step()

    values = {"config": vars(CONFIG), "recipe": vars(RECIPE), "steps": STEPS}
    command = [sys.executable, "-c", textwrap.dedent(CHILD).format(**values), str(tmp_path)]
    rng = random.Random(1)
    kills = 0
    for patience in (rng.randint(2, 5), rng.randint(2, 5), 10**6):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            for count, _ in enumerate(child.stdout, start=1):
                if count == patience:
                    child.kill()
                    kills += 1
                    break
            complaint = child.stderr.read()
        assert child.returncode in (0, -9), complaint
    assert kills == 2

    resumed = Trainer(tmp_path / "run", pairs, CONFIG, RECIPE, torch.device("cpu"), say=lambda _: None)
    assert resumed.progress.step == STEPS
    for mine, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    for mine, theirs in zip(resumed.average, whole.average, strict=True):
        assert torch.equal(mine, theirs)
