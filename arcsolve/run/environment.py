"""Where a run took place: recorded with it, so that a result can be explained later."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import arcsolve


def describe_environment(distributions: Iterable[str], **more: Any) -> dict[str, Any]:
    """Python, packages, git commit and machine.

    Args:
        distributions: names of the distributions whose versions matter, besides the core's own dependencies.
        more: further facts, kept as they are.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.node(),
        "cpus": os.cpu_count(),
        "packages": _versions({"arcsolve", "numpy", "pydantic", *distributions}),
        "git": _git_commit(),
        **more,
    }


def _versions(names: Iterable[str]) -> dict[str, str]:
    versions = {}
    for name in sorted(names):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _git_commit() -> str | None:
    """The commit of the checkout that arcsolve runs from, ``+`` appended where files differ; None without one."""
    folder = Path(arcsolve.__file__).parents[1]
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() or None
