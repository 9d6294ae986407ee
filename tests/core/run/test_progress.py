from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest

from arcsolve import Candidate, Challenge, Pair, Run, Task
from arcsolve.outcome import Status
from arcsolve.run import progress
from arcsolve.run.executor import Report
from arcsolve.score.judge import judge

RUN = Run("r1", "k", datetime(2026, 1, 1, tzinfo=UTC), "d", "0" * 64, ("t",), (), 0, 1.0, 100)
GRID = np.array([[1]])
TASK = Task(Challenge("t", (Pair(GRID, GRID),), (GRID,)), (GRID,))
OUTCOME = judge(Report("dsl", "t", Status.FINISHED, candidates=[Candidate(0, GRID, 1.0)]), TASK)


def test_lines_say_what_is_skipped_and_how_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    lines = progress.Lines(stream)
    lines.started(RUN, 10, 5)
    lines.finished(OUTCOME)
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    lines.finished(OUTCOME)
    lines.close()
    first, second = stream.getvalue().splitlines()
    assert first == "Run r1 continues: 5 of 15 outcomes are there and skipped (--fresh starts anew)."
    assert second.startswith("2/10, about ")
    assert second.endswith("s left  dsl 2/2")


def test_bar_shows_count_and_scores(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    bar = progress.Bar()
    bar.started(RUN, 2, 0)
    bar.finished(OUTCOME)
    bar.close()
    out, err = capsys.readouterr()
    assert out == ""
    assert "dsl 1/1" in err
    assert "1/2" in err


def test_without_a_terminal_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", StringIO())
    assert isinstance(progress.watch(), progress.Lines)
