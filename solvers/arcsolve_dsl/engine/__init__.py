"""The search engine: compiled kernels on ragged arenas of position-carrying grids."""
