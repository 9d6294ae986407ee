"""arcsolve_ensemble."""
