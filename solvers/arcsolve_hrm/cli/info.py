"""``arcsolve hrm info``: what a checkpoint holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from textwrap import wrap
from typing import Any

import click

from arcsolve_hrm.checkpoint import load_checkpoint, parameter_counts, read_description
from arcsolve_hrm.cli.options import plural
from arcsolve_hrm.solver import checkpoint_folder


@click.command("info")
@click.argument("checkpoint", metavar="[FOLDER|NAME]", default="")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(checkpoint: str, as_json: bool) -> None:
    """Show what a checkpoint holds: shape, parameters, tasks, training. Without a name: the package's default."""
    folder = checkpoint_folder(checkpoint)
    loaded = load_checkpoint(folder)
    config, record = loaded.config, dict(loaded.record)
    counts = parameter_counts(loaded.weights)
    sizes = {name: (folder / name).stat().st_size for name in read_description(folder)["sha256"]}
    named, hashed = (sum(map(bool, rows)) for rows in (loaded.names, loaded.demo_hashes))
    if as_json:
        rows = {"named": named, "known_by_content": hashed}
        facts = {"config": asdict(config), "parameters": counts, "rows": rows, "record": record, "bytes": sizes}
        click.echo(json.dumps(facts, indent=1))
        return
    dtype = str(loaded.weights["lm_head.weight"].dtype).removeprefix("torch.")
    modules = "one shared module of" if config.share_hl else f"H {config.h_layers} and L"
    limit = record.get("recipe", {}).get("longest", 0)
    lines = [
        f"layout      {config.layout}, {config.vocab_size} tokens, position {config.position}",
        f"network     {modules} {config.l_layers} layers, hidden {config.hidden_size}, {config.num_heads} heads, "
        f"inner {config.inner_size}",
        f"thinking    {config.h_cycles} H x {config.l_cycles} L cycles, up to {config.halt_max_steps} segments "
        f"({config.layer_passes} layer passes each)",
        f"parameters  {counts['network']:,} trainable, {counts['tables']:,} in tables",
        f"tasks       {config.num_tasks} rows, {named} named, {hashed} known by their demonstrations"
        + (f"; none with more than {limit} tokens in a pair" if limit else ""),
        f"weights     {plural(len(sizes), 'file')}, {sum(sizes.values()) / 2**20:.1f} MiB, {dtype}, sha256 checked",
    ]
    for name, value in record.items():
        lines += _wrapped(name, value)
    click.echo("\n".join(lines))


def _wrapped(name: str, value: Any) -> list[str]:
    """Spell one entry of the training record; of long lists only how many there are."""
    if isinstance(value, dict):
        text = ", ".join(f"{key.replace('_', ' ')} {_short(item)}" for key, item in value.items())
    else:
        text = f"{len(value)} entries" if isinstance(value, list) else _short(value)
    return wrap(text, 110, initial_indent=f"{name.replace('_', ' '):<11} ", subsequent_indent=" " * 12)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
