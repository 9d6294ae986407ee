"""arcsolve_hrm."""
