"""arcsolve_zero."""
