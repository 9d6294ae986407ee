"""Read and write algorithm selection scenarios in the ASlib format (Bischl et al., Artificial Intelligence 2016)."""

from arcsolve_ensemble.aslib.reader import read_scenario
from arcsolve_ensemble.aslib.writer import write_scenario

__all__ = ["read_scenario", "write_scenario"]
