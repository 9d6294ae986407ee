"""A trace as a strip of pictures: one panel per cycle, changed cells marked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arcsolve.show import Panel, Row
from arcsolve_hrm.trace import NO_COLOUR, Frame, Trace
from arcsolve_hrm.transforms import Grid


@dataclass(frozen=True, eq=False)
class FramePanel(Panel):
    """A frame of a trace: cells that changed since the last one, or hold no colour, are marked."""

    marked: NDArray[np.bool_] | None = None
    note: str = ""

    @property
    def is_wrong(self) -> NDArray[np.bool_]:
        """(height, width): the cells to mark."""
        return np.zeros(self.grid.shape, dtype=bool) if self.marked is None else self.marked

    @property
    def verdict(self) -> str:
        """A second line under the caption."""
        return self.note


def strip(trace: Trace, source: Grid, title: str, truth: Grid | None = None) -> list[Row]:
    """Lay a trace out as rows of panels, one row per segment.

    Args:
        trace: All frames.
        source: The test input.
        title: Above the first row.
        truth: The right output, where known; shown last.

    Returns:
        Rows for `arcsolve.show`.
    """
    rows = [Row(title, (Panel(f"input {_size(source)}", source),))]
    for segment in sorted({frame.segment for frame in trace.frames}):
        panels = tuple(
            _panel(frame, is_first=index == 0) for index, frame in enumerate(trace.frames) if frame.segment == segment
        )
        after = " (would halt here)" if segment == trace.halted else ""
        rows.append(Row(f"segment {segment}{after}", panels))
    if truth is not None:
        final = trace.frames[-1].cells
        verdict = "the answer is right" if np.array_equal(final, truth) else "the answer is wrong"
        rows.append(Row(verdict, (Panel(f"right output {_size(truth)}", truth),)))
    return rows


def _panel(frame: Frame, *, is_first: bool) -> FramePanel:
    blank = frame.cells == NO_COLOUR
    changes = "first frame" if is_first else f"{int(frame.changed.sum())} cells changed"
    return FramePanel(
        f"cycle {frame.cycle}: halt {frame.q_halt:.2f}, entropy {frame.entropy:.2f} nats",
        np.where(blank, 0, frame.cells).astype(np.int8),
        marked=frame.changed | blank,
        note=changes + (f", {int(blank.sum())} without colour" if blank.any() else ""),
    )


def _size(grid: Grid) -> str:
    return f"{grid.shape[0]}x{grid.shape[1]}"
