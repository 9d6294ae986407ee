"""The ``arcsolve`` program: one module per command group, imported only when its command is used."""
