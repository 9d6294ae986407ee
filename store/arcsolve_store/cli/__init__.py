"""The store's commands, one module each, imported only when used."""
