"""Data sets: named ones from plugins, and files or folders in the formats that are in use."""

from arcsolve.data.files import read_path
from arcsolve.data.find import load
from arcsolve.data.held_out import hold_out
from arcsolve.data.parse import parse_task

__all__ = ["hold_out", "load", "parse_task", "read_path"]
