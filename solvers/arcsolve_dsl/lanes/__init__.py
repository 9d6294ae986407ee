"""Lanes that learn a rule: each module has one way to find programs (`arcsolve_dsl.lane.Lane`)."""
