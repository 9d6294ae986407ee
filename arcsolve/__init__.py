"""arcsolve."""
