"""``arcsolve hrm info``: what a checkpoint holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from arcsolve_hrm.checkpoint import load_checkpoint, parameter_counts


@click.command("info")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(folder: Path, as_json: bool) -> None:
    """Show what the checkpoint FOLDER holds: shape, parameters, tasks, training."""
    checkpoint = load_checkpoint(folder)
    config, record = checkpoint.config, dict(checkpoint.record)
    counts = parameter_counts(checkpoint.weights)
    sizes = {name: (folder / name).stat().st_size for name in record.get("files", {})}
    if as_json:
        known = sum(bool(row.demo_hash) for row in checkpoint.identifiers)
        facts = {"config": asdict(config), "parameters": counts, "tasks_by_content": known, "record": record}
        click.echo(json.dumps({**facts, "bytes": sizes}, indent=1))
        return
    modules = "one shared module of" if config.share_hl else f"H {config.h_layers} and L"
    named = sum(bool(row.name) for row in checkpoint.identifiers)
    hashed = sum(bool(row.demo_hash) for row in checkpoint.identifiers)
    lines = [
        f"layout      {config.layout}, {config.vocab_size} tokens, position {config.position}",
        f"network     {modules} {config.l_layers} layers, hidden {config.hidden_size}, {config.num_heads} heads, "
        f"inner {config.inner_size}",
        f"thinking    {config.h_cycles} H x {config.l_cycles} L cycles, up to {config.halt_max_steps} segments "
        f"({config.layer_passes} layer passes each)",
        f"parameters  {counts['network']:,} trainable, {counts['tables']:,} in tables",
        f"tasks       {config.num_tasks} rows, {named} named, {hashed} known by their demonstrations",
        f"weights     {len(sizes)} files, {sum(sizes.values()) / 2**20:.1f} MiB, {record.get('dtype')}, sha256 checked",
        f"data        sha256 {record.get('data_sha256') or 'unknown'}",
    ]
    training = record.get("training") or {}
    lines += [f"training    {name}: {value}" for name, value in training.items()]
    click.echo("\n".join(lines))
