"""The reference of the language, generated from the primitives.

``python -m arcsolve_dsl.reference > solvers/arcsolve_dsl/LANGUAGE.md`` writes the page; a test compares.
"""

from __future__ import annotations

from itertools import zip_longest

from arcsolve_dsl.registry import REGISTRY, Primitive

HEAD = """# The language of the DSL solver

A program is one expression: calls of the words below, the name `input` (the grid it is run on), and literals: whole
numbers, texts, `True`, `False`, `None`, tuples, lists, dicts. `arcsolve dsl apply PROGRAM TASK` runs one,
`arcsolve dsl explain TASK` finds one, `arcsolve dsl primitives WORD` shows one word.

A *picture* is a grid that remembers where it was cut out; 0 is background, and transparent when pictures are laid over
one another. Words that take one picture also take a list and work on each. Drawings: `.` is 0, a digit is a colour.

This page is generated: `python -m arcsolve_dsl.reference`.
"""


def page() -> str:
    """The whole reference as Markdown."""
    parts = [HEAD]
    family = ""
    for word in REGISTRY:
        if not word.function.__module__.startswith("arcsolve_dsl."):
            continue
        if word.family != family:
            family = word.family
            parts.append(f"## {family}\n")
        parts.append(f"### `{word.signature}`\n\n{word.doc}\n\n```\n{example_text(word)}\n```\n")
    return "\n".join(parts)


def word_text(word: Primitive) -> str:
    """One word for the terminal."""
    return f"{word.signature}\n{word.doc}\n\n{example_text(word)}"


def example_text(word: Primitive) -> str:
    """The example: the program, and below it the drawing before and after, side by side."""
    before = [line.strip() for line in word.example.before.splitlines()]
    after = [line.strip() for line in word.example.after.splitlines()]
    width = max(len(line) for line in before)
    lines = [f"{a.ljust(width)}   {b}".rstrip() for a, b in zip_longest(before, after, fillvalue="")]
    return "\n".join([word.example.program, "", *lines])


if __name__ == "__main__":
    print(page(), end="")
