"""``arcsolve doctor``: is this machine fit to run arcsolve, and if not, what to do."""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

import arcsolve
from arcsolve import plugins
from arcsolve.cli.output import print_json, print_table
from arcsolve.cli.parameters import json_option, open_for_reading, plugin_option, store_option
from arcsolve.errors import ArcsolveError
from arcsolve.registry import Registry

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "fuse.sshfs", "lustre", "gpfs", "ceph", "beegfs"}
"""File systems on which SQLite's locks can't be trusted."""

_ASK_TORCH = (
    "import torch; print(torch.__version__, torch.cuda.get_device_name(0) if torch.cuda.is_available() else 'no CUDA')"
)


class Finding(NamedTuple):
    """One line of the report."""

    what: str
    verdict: str
    """``ok``, ``note`` (something optional is missing) or ``PROBLEM``."""
    detail: str


@click.command()
@store_option
@click.option("--deep", is_flag=True, help="Also import every solver, and torch (takes seconds).")
@json_option
@plugin_option
def doctor(store: str, deep: bool, as_json: bool, plugin: tuple[Path, ...]) -> None:
    """Look at Python, packages, the machine, the store and the plugins. Exit code 1 where something is wrong."""
    registry = plugins.load(plugin)
    findings = [*_python(), *_packages(), *_machine(), *_store(registry, store), *_plugins(registry)]
    if deep:
        findings += [*_solvers(registry), *_torch()]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table(["what", "verdict", "detail"], findings, wrap=2)
    if any(finding.verdict == "PROBLEM" for finding in findings):
        sys.exit(1)


def _python() -> Iterator[Finding]:
    is_new = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if is_new else "PROBLEM", f"{platform.python_version()}, arcsolve needs 3.11 or newer")
    yield Finding("arcsolve", "ok", arcsolve.__version__)


def _packages() -> Iterator[Finding]:
    """The distribution's requirements: those missing, with the extra that brings them."""
    missing: dict[str, list[str]] = {}
    present: list[str] = []
    for requirement in importlib.metadata.requires("arcsolve") or []:
        name, extra = re.match(r"[\w.-]+", requirement), re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        if name is None or name[0] == "arcsolve" or (extra and extra[1] in ("all", "dev")):
            continue
        try:
            text = f"{name[0]} {importlib.metadata.version(name[0])}"
            if text not in present:
                present.append(text)
        except importlib.metadata.PackageNotFoundError:
            missing.setdefault(extra[1] if extra else "", []).append(name[0])
    yield Finding("packages", "ok", ", ".join(present))
    for name_of_extra, names in missing.items():
        if name_of_extra:
            remedy = f"not installed: {', '.join(names)}. To use them: pip install 'arcsolve[{name_of_extra}]'"
            yield Finding(f"extra {name_of_extra}", "note", remedy)
        else:
            yield Finding("packages", "PROBLEM", f"missing: {', '.join(names)}. Run: pip install --upgrade arcsolve")


def _machine() -> Iterator[Finding]:
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory()
    detail = f"{cores} cores, {memory.available >> 20} of {memory.total >> 20} MiB free"
    yield Finding("machine", "ok" if memory.available >> 20 >= 1024 else "note", detail)
    has_gpu = Path("/dev/nvidia0").exists()
    yield Finding("gpu", "ok", "NVIDIA device present" if has_gpu else "none seen; neural solvers run on the CPU")


def _store(registry: Registry, store: str) -> Iterator[Finding]:
    if "://" not in store:
        path = Path(store).absolute()
        folder = path.parent
        if not folder.is_dir():
            yield Finding("store", "PROBLEM", f"{store}: the folder {folder} does not exist. Make it, or name another.")
            return
        if not os.access(path if path.exists() else folder, os.W_OK):
            yield Finding("store", "PROBLEM", f"{store}: not writable. Name another with --store or ARCSOLVE_STORE.")
            return
        kind = _file_system(folder)
        if kind in _NETWORK:
            yield Finding("store", "PROBLEM", f"{store}: on a network file system ({kind}); use a local disk.")
            return
        if not path.exists():
            yield Finding("store", "ok", f"{store}: not there yet, will be made ({kind or 'local disk'})")
            return
    try:
        reader = open_for_reading(registry, store)
        reader.close()
        yield Finding("store", "ok", f"{store}: can be read and written")
    except ArcsolveError as error:
        yield Finding("store", "PROBLEM", str(error))


def _file_system(folder: Path) -> str:
    """Type of the file system that holds a folder; empty where it can't be told."""
    import psutil

    best, kind = -1, ""
    for partition in psutil.disk_partitions(all=True):
        if folder.is_relative_to(partition.mountpoint) and len(partition.mountpoint) > best:
            best, kind = len(partition.mountpoint), partition.fstype
    return kind


def _plugins(registry: Registry) -> Iterator[Finding]:
    for status in registry.statuses:
        verdict = "ok" if status.is_ok else "PROBLEM"
        yield Finding(f"plugin {status.name}", verdict, status.cause or f"{status.origin}")
    for table in (registry.solvers, registry.datasets, registry.commands):
        for name in table.clashes:
            yield Finding(f"{table.kind} {name}", "PROBLEM", table.clash_message(name))


def _solvers(registry: Registry) -> Iterator[Finding]:
    for name, entry in registry.solvers.items():
        try:
            yield Finding(f"solver {name}", "ok", f"version {entry.load().version}")
        except ArcsolveError as error:
            yield Finding(f"solver {name}", "note" if "not installed" in str(error) else "PROBLEM", str(error))


def _torch() -> Iterator[Finding]:
    """Ask torch in a process of its own: a broken installation must not take the doctor with it."""
    try:
        importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return
    asked = subprocess.run([sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, check=False, timeout=120)
    if asked.returncode == 0:
        yield Finding("torch", "ok", asked.stdout.strip())
    else:
        lines = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        yield Finding("torch", "PROBLEM", f"import torch fails: {lines[-1]}")
