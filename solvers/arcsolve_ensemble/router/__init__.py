"""The router: which member is likely to solve a task, and how long each may try."""
