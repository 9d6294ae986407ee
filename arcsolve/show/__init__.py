"""Draw tasks and attempts: in the terminal, as SVG, as PNG, always in ARC's own colours."""

from arcsolve.show.palette import PALETTE
from arcsolve.show.sheet import Panel, Row, task_sheet

__all__ = ["PALETTE", "Panel", "Row", "task_sheet"]
