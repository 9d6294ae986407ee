"""How a run goes, on standard error: a bar with ETA and running scores on a terminal, now and then a line elsewhere."""

import sys
import time
from typing import TextIO

from arcsolve.outcome import Outcome
from arcsolve.recording import Run

LINE_EVERY_S = 15.0
"""Between two lines where there is no terminal."""


class _Scores:
    """Running figures per solver."""

    def __init__(self) -> None:
        self._figures: dict[str, list[int]] = {}

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        figures = self._figures.setdefault(outcome.solver, [0, 0])
        figures[0] += outcome.is_solved_at_2
        figures[1] += 1

    def __str__(self) -> str:
        return "  ".join(f"{name} {solved}/{n}" for name, (solved, n) in self._figures.items())


def resume_note(run: Run, skipped: int, total: int) -> str:
    """What a resumed run says of itself."""
    return (
        f"Run {run.id} continues: {skipped} of {skipped + total} outcomes are there and skipped (--fresh starts anew)."
    )


class Lines:
    """Progress as plain lines, few of them."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._scores = _Scores()
        self._total = self._done = 0
        self._began = self._last = 0.0

    def started(self, run: Run, total: int, skipped: int) -> None:
        """See `arcsolve.run.runner.Watcher.started`."""
        self._total = total
        self._began = self._last = time.monotonic()
        if skipped:
            print(resume_note(run, skipped, total), file=self._stream)

    def finished(self, outcome: Outcome) -> None:
        """See `arcsolve.run.runner.Watcher.finished`."""
        self._done += 1
        self._scores.add(outcome)
        now = time.monotonic()
        if now - self._last >= LINE_EVERY_S:
            self._last = now
            left_s = (now - self._began) / self._done * (self._total - self._done)
            print(
                f"{self._done}/{self._total}, about {left_s:.0f} s left  {self._scores}", file=self._stream, flush=True
            )

    def close(self) -> None:
        """Nothing to clear away."""


class Bar:
    """Progress as a bar on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.fields[run]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[scores]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._scores = _Scores()
        self._task = self._bar.add_task("", total=None, run="", scores="")

    def started(self, run: Run, total: int, skipped: int) -> None:
        """See `arcsolve.run.runner.Watcher.started`."""
        if skipped:
            self._bar.console.print(resume_note(run, skipped, total), highlight=False)
        self._bar.update(self._task, total=total, run=run.id)
        self._bar.start()

    def finished(self, outcome: Outcome) -> None:
        """See `arcsolve.run.runner.Watcher.finished`."""
        self._scores.add(outcome)
        self._bar.update(self._task, advance=1, scores=str(self._scores))

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def watch() -> Bar | Lines:
    """The display that suits standard error."""
    return Bar() if sys.stderr.isatty() else Lines()
