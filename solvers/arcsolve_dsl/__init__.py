"""arcsolve_dsl."""
