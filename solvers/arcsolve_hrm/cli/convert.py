"""``arcsolve hrm convert``: a published file becomes a checkpoint folder."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from arcsolve_hrm.checkpoint import parameter_counts, save_checkpoint
from arcsolve_hrm.published import Overrides, Table, convert

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("convert")
@click.argument("source", type=_FILE)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--config", "arch", type=_FILE, help="The all_config.yaml of the training run; default: beside SOURCE.")
@click.option(
    "--identifiers", type=_FILE, help="The data set's identifiers.json; without it only the mean row is kept."
)
@click.option(
    "--table",
    type=click.Choice(["originals", "all", "mean"]),
    default="originals",
    show_default=True,
    help="Which rows of the puzzle embedding to keep.",
)
@click.option(
    "--heads", "num_heads", type=int, help="Attention heads; default: from the config, else hidden size / 64."
)
@click.option("--h-cycles", type=int, help="H cycles per segment.")
@click.option("--l-cycles", type=int, help="L cycles per H cycle.")
@click.option("--prefix", "puzzle_emb_len", type=int, help="Prefix tokens of the puzzle embedding (HRM 1, TRM 16).")
@click.option("--dtype", type=click.Choice(["bfloat16", "float32"]), default="bfloat16", show_default=True)
def command(
    source: Path,
    folder: Path,
    arch: Path | None,
    identifiers: Path | None,
    table: Table,
    num_heads: int | None,
    h_cycles: int | None,
    l_cycles: int | None,
    puzzle_emb_len: int | None,
    dtype: str,
) -> None:
    """Turn the published HRM or TRM file SOURCE into the checkpoint FOLDER."""
    overrides = Overrides(num_heads, h_cycles, l_cycles, puzzle_emb_len)
    checkpoint = convert(source, arch=arch, identifiers=identifiers, table=table, overrides=overrides)
    files = save_checkpoint(folder, checkpoint, dtype=torch.bfloat16 if dtype == "bfloat16" else torch.float32)
    counts = parameter_counts(checkpoint.weights)
    config, record = checkpoint.config, checkpoint.record
    click.echo(
        f"{record['family']} with {counts['network']:,} parameters, {config.h_layers}+{config.l_layers} layers, "
        f"{config.h_cycles}x{config.l_cycles} cycles, {config.num_heads} heads; "
        f"{config.num_tasks} of {record['table_rows_in_source']} puzzle rows kept ({record['table']})."
    )
    if arch is None and record["settings_from"] is None:
        click.echo(
            "Heads, cycles and prefix are the family's published settings: no all_config.yaml was found.", err=True
        )
    click.echo(f"Wrote {len(files)} files to {folder}.")
