"""Plots of an analysis: complementarity heat map, Shapley bars, reliability, cost against score, UpSet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from arcsolve import ArcsolveError
from arcsolve_ensemble.analysis.portfolio import intersections
from arcsolve_ensemble.analysis.report import Analysis

INK, MUTED, ACCENT, PALE = "#222222", "#8a8a8a", "#0b6bb5", "#c9d8e6"
MAX_SOLVERS = 30


def write_plots(analysis: Analysis, folder: Path) -> list[Path]:
    """Write every plot as a PNG.

    Args:
        analysis: what to draw.
        folder: made if it is not there.

    Returns:
        The files.

    Raises:
        ArcsolveError: if matplotlib is missing or the folder can't be made.
    """
    try:
        import matplotlib
    except ImportError:
        raise ArcsolveError(
            "Plots need matplotlib, which is not installed. Run: pip install 'arcsolve[plots]'."
        ) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArcsolveError(f"Cannot make the folder {folder}: {error.strerror or error}.") from error
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: Any = {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": MUTED,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    drawings = {
        "complementarity.png": _complementarity,
        "shapley.png": _shapley,
        "reliability.png": _reliability,
        "pareto.png": _pareto,
        "upset.png": _upset,
    }
    written = []
    with matplotlib.rc_context(style):
        for name, draw in drawings.items():
            figure = Figure(layout="constrained")
            FigureCanvasAgg(figure)
            draw(analysis, figure)
            figure.savefig(folder / name, dpi=150)
            written.append(folder / name)
    return written


def _names(analysis: Analysis) -> list[str]:
    return [figure.solver for figure in analysis.figures.solvers][:MAX_SOLVERS]


def _complementarity(analysis: Analysis, figure: Any) -> None:
    names = _names(analysis)
    table = analysis.figures.complementarity[: len(names), : len(names)]
    side = max(3.6, 0.6 * len(names) + 2.4)
    figure.set_size_inches(side + 0.8, side)
    axes = figure.add_subplot()
    image = axes.imshow(table, cmap="Blues", vmin=0)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("… and this one did not")
    axes.set_ylabel("this solver solved …")
    axes.set_title(f"Complementarity, of {analysis.figures.tasks} tasks")
    middle = table.max() / 2 if table.size else 0
    for i in range(len(names)):
        for j in range(len(names)):
            if i != j:
                shade = "white" if table[i, j] > middle else INK
                axes.text(j, i, str(int(table[i, j])), ha="center", va="center", color=shade, fontsize=9)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, shrink=0.8, label="tasks")


def _shapley(analysis: Analysis, figure: Any) -> None:
    solvers = sorted(analysis.figures.solvers[:MAX_SOLVERS], key=lambda s: s.shapley)
    figure.set_size_inches(6.4, 1.4 + 0.36 * len(solvers))
    axes = figure.add_subplot()
    rows = np.arange(len(solvers))
    axes.barh(rows, [s.shapley for s in solvers], color=ACCENT, height=0.6, label="Shapley value")
    axes.plot([s.marginal for s in solvers], rows, "|", color=INK, markersize=13, label="marginal contribution")
    axes.plot(
        [s.solved for s in solvers],
        rows,
        ".",
        color=MUTED,
        markersize=8,
        label="solved in all",
    )
    for row, solver in zip(rows, solvers, strict=True):
        axes.annotate(
            f"{solver.shapley:.1f} of {solver.solved}",
            (max(solver.shapley, solver.solved), row),
            (6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(rows, [s.solver for s in solvers])
    axes.set_xlabel("tasks")
    axes.set_title(f"Shapley values (of tasks solved); union {analysis.figures.vbs_solved} of {analysis.figures.tasks}")
    axes.margins(x=0.16)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)


def _reliability(analysis: Analysis, figure: Any) -> None:
    figure.set_size_inches(6.4, 5.4)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle="--")
    for name, found in list(analysis.calibrations.items())[:8]:
        x = [b.mean_confidence for b in found.bins]
        y = [b.accuracy for b in found.bins]
        (line,) = axes.plot(x, y, linewidth=1.4, label=f"{name} (ECE {found.ece:.3f}, n {found.n})")
        sizes = [8 + 120 * b.n / max(1, found.n) for b in found.bins]
        axes.scatter(x, y, s=sizes, color=line.get_color(), zorder=3)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("confidence of an attempt")
    axes.set_ylabel("share that was right")
    axes.set_title("Reliability (dots grow with the number of attempts)")
    if analysis.calibrations:
        figure.legend(loc="outside lower center", ncols=2, frameon=False)


def _pareto(analysis: Analysis, figure: Any) -> None:
    figure.set_size_inches(6.4, 4.6)
    axes = figure.add_subplot()
    points = [(s.solver, max(s.mean_wall_s, 1e-4), s.solved, s.is_pareto) for s in analysis.figures.solvers]
    front = sorted((x, y) for _, x, y, is_best in points if is_best)
    axes.step([x for x, _ in front], [y for _, y in front], where="post", color=PALE, linewidth=2, zorder=1)
    for name, x, y, is_best in points[:MAX_SOLVERS]:
        axes.scatter([x], [y], color=ACCENT if is_best else MUTED, s=36, zorder=3)
        axes.annotate(name, (x, y), (6, 4), textcoords="offset points")
    for row in analysis.composites.rows[:5]:
        axes.scatter([max(row[5], 1e-4)], [row[2]], color=INK, marker="D", s=36, zorder=3)
        axes.annotate(str(row[0]), (max(row[5], 1e-4), row[2]), (6, 4), textcoords="offset points")
    axes.axhline(analysis.figures.vbs_solved, color=MUTED, linestyle=":", linewidth=1)
    axes.annotate(
        "union", (0.995, analysis.figures.vbs_solved), (0, 3), xycoords=axes.get_yaxis_transform(),
        textcoords="offset points", ha="right", color=MUTED,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.margins(x=0.2, y=0.12)
    axes.set_ylim(bottom=0)
    seconds = [x for _, x, _, _ in points]
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}" if max(seconds, default=1) < 10 * min(seconds, default=1) else "")
    axes.set_xlabel("mean seconds per task (log scale)")
    axes.set_ylabel(f"solved of {analysis.figures.tasks}")
    axes.set_title("Cost against score; the line joins what nobody beats")


def _upset(analysis: Analysis, figure: Any) -> None:
    names = _names(analysis)[:12]
    sets = [(set(found), count) for found, count in intersections(analysis.gathered.portfolio, 24) if found]
    sets = [(found & set(names), count) for found, count in sets if found & set(names)]
    figure.set_size_inches(max(5.0, 0.42 * len(sets) + 2.6), 3.0 + 0.3 * len(names))
    bars, dots = figure.subplots(2, 1, sharex=True, height_ratios=(3.0, max(1.0, 0.42 * len(names))))
    columns = np.arange(len(sets))
    bars.bar(columns, [count for _, count in sets], color=ACCENT, width=0.6)
    for column, (_, count) in zip(columns, sets, strict=True):
        bars.annotate(str(count), (column, count), (0, 2), textcoords="offset points", ha="center", fontsize=9)
    bars.set_ylabel("tasks")
    bars.tick_params(bottom=False)
    bars.set_title("Tasks solved by exactly these solvers")
    for row, _ in enumerate(names):
        if row % 2 == 0:
            dots.axhspan(row - 0.5, row + 0.5, color="#f3f5f7", zorder=0)
    for column, (found, _) in zip(columns, sets, strict=True):
        rows = [row for row, name in enumerate(names) if name in found]
        dots.scatter([column] * len(names), range(len(names)), color="#d9dde1", s=30, zorder=1)
        dots.scatter([column] * len(rows), rows, color=INK, s=34, zorder=3)
        dots.plot([column, column], [min(rows), max(rows)], color=INK, linewidth=1.4, zorder=2)
    dots.set_yticks(range(len(names)), names)
    dots.set_ylim(len(names) - 0.5, -0.5)
    dots.set_xticks([])
    dots.spines[:].set_visible(False)
    dots.tick_params(left=False)
