"""``arcsolve hrm trace``: watch the network come to its answer."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path

import click

from arcsolve.cli.output import note
from arcsolve.cli.parameters import data_option
from arcsolve.errors import ArcsolveError
from arcsolve.run.plan import choose_tasks
from arcsolve.show import Row
from arcsolve_hrm.cli.options import checkpoint_options, data_set, serve
from arcsolve_hrm.solver import refuse_large
from arcsolve_hrm.strip import strip
from arcsolve_hrm.trace import trace

_CLEAR = "\x1b[H\x1b[2J"


@click.command("trace")
@click.argument("task_id", metavar="TASK")
@data_option()
@click.option("--test", "index", default=0, show_default=True, help="Which test input, from 0.")
@click.option("--view", default=0, show_default=True, help="Which augmented view; 0 is the test input itself.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the strip as SVG.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Write the strip as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--delay", default=0.4, show_default=True, help="Seconds per frame of the animation; 0 prints the strip.")
@checkpoint_options
def command(
    task_id: str,
    data: str,
    index: int,
    view: int,
    svg: Path | None,
    png: Path | None,
    as_json: bool,
    delay: float,
    checkpoint: str,
    max_cycles: int,
    dtype: str,
    device: str,
) -> None:
    """Show what the network would have answered to TASK after every cycle of every segment.

    In a terminal the frames are played one after the other, else the whole strip is printed. "halt" is the Q head's
    probability of stopping, "entropy" the mean over the cells (0 is certain).
    """
    task = choose_tasks(data_set(data), [task_id], None)[0]
    challenge = task.challenge
    if not 0 <= index < len(challenge.test_inputs):
        raise ArcsolveError(f"Task {task_id!r} has {len(challenge.test_inputs)} test inputs; --test counts from 0.")
    refuse_large(challenge)
    server = serve(checkpoint, max_cycles, dtype, device)
    rows = server.rows(challenge)
    if not rows:
        raise ArcsolveError(
            f"The checkpoint never saw the demonstrations of {task_id!r}, so it has no row to ask it with."
        )
    question = server.question(challenge, index, rows)
    views = server.predictor.views(question, view + 1, seed=0)
    if view >= len(views):
        raise ArcsolveError(f"The checkpoint has only {len(views)} views of {task_id!r}; --view counts from 0.")
    told = trace(server.predictor, question, views[view])
    if told is None:
        raise ArcsolveError(
            f"View {view} of {task_id!r} gave no rectangle, so there is no answer to follow. Try another."
        )
    truth = None if task.solution is None else task.solution[index]
    picture = strip(told, question.source, f"{task_id}, test {index}, view {view}", truth)
    if svg is not None:
        from arcsolve.show.svg import render as render_svg

        svg.write_text(render_svg(picture), encoding="utf-8")
    if png is not None:
        from arcsolve.show.png import render as render_png

        png.write_bytes(render_png(picture))
    if as_json:
        click.echo(json.dumps(told.to_dict()))
    elif svg is None and png is None:
        _play(picture, delay)
    if len(told.frames) == 1 and not as_json:
        note(
            "This checkpoint was trained to think in one cycle of one segment, so there is one frame; "
            "--max-cycles 4 shows further segments, which it was not trained for."
        )


def _play(picture: list[Row], delay: float) -> None:
    """Print the strip; in a terminal play it, one frame at a time."""
    from arcsolve.show.terminal import render

    width = shutil.get_terminal_size((120, 24)).columns
    is_terminal = sys.stdout.isatty()
    is_coloured = is_terminal and "NO_COLOR" not in os.environ
    if is_terminal and delay > 0:
        for row in picture[1:]:
            for panel in row.panels:
                frame = render([picture[0], Row(row.title, (panel,))], width=width, colour=is_coloured)
                click.echo(_CLEAR + frame, color=is_coloured)
                time.sleep(delay)
    click.echo(render(picture, width=width, colour=is_coloured), color=is_coloured)
