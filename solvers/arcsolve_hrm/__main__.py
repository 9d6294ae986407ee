"""``python -m arcsolve_hrm``: data, train, evaluate, bench, sweep on a machine that has only torch, numpy and click."""

import importlib.util
import sys
from pathlib import Path

import click

# By path: the package of all commands needs the rest of arcsolve, this module of it does not.
_SPEC = importlib.util.spec_from_file_location("arcsolve_hrm_sequence", Path(__file__).parent / "cli" / "sequence.py")
if _SPEC is None or _SPEC.loader is None:
    sys.exit("arcsolve_hrm is not installed as files; use 'arcsolve hrm'.")
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)

click.Group("arcsolve_hrm", commands=_MODULE.COMMANDS)()
