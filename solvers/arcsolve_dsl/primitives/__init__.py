"""The built-in words of the language, one module per family."""
