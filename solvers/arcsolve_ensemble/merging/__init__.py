"""Many solvers' candidates into two attempts: calibrated trust, pooled votes, demo invariants, cross-examination."""
