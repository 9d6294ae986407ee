"""``python -m arcsolve_hrm``: the same commands as ``arcsolve hrm``, with nothing but torch, numpy and click needed."""

from arcsolve_hrm.cli import hrm

hrm()
