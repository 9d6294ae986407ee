"""arcsolve_arckit."""
