"""arcsolve_store."""
