"""Programs: expressions in a small part of Python's expression grammar, as text and as a tree.

``stack(to_frame(fill(input)), largest(components(input, connectivity=8)))`` is a program.
Calls, names, tuples, lists, dicts and the literals int, str, bool and None are allowed;
``input`` names the grid the program is run on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from arcsolve_dsl.errors import ProgramError

MAX_PROGRAM_CHARS = 200_000
"""Longer texts are refused: the parser is for programs, not for data."""


@dataclass(frozen=True)
class Name:
    """A name, e.g. ``input``."""

    id: str


@dataclass(frozen=True)
class Constant:
    """A literal int, str, bool or None."""

    value: int | str | bool | None


@dataclass(frozen=True)
class Sequence:
    """A tuple or list display; `kind` is "tuple" or "list"."""

    kind: str
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Mapping:
    """A dict display."""

    keys: tuple[Node, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A primitive applied to arguments."""

    name: str
    args: tuple[Node, ...] = ()
    keywords: tuple[tuple[str, Node], ...] = ()


Node: TypeAlias = Name | Constant | Sequence | Mapping | Call
INPUT = Name("input")


@dataclass(frozen=True)
class Program:
    """One expression of the language.

    Attributes:
        root: the outermost node.
    """

    root: Node

    @cached_property
    def text(self) -> str:
        """The one-line text; `parse` reads it back to an equal program."""
        return format_node(self.root)

    def __str__(self) -> str:
        return self.text

    def calls(self) -> Iterator[Call]:
        """All calls, arguments before the call that uses them."""
        return walk_calls(self.root)

    @cached_property
    def size(self) -> int:
        """Number of calls and literals: a plain description length."""
        return _size(self.root)


def literal(value: object) -> Node:
    """Write a Python value as a node (numpy integers included).

    Args:
        value: int, str, bool, None, or tuples, lists and dicts of those; nodes pass through.

    Raises:
        ProgramError: for any other type.
    """
    if isinstance(value, Name | Constant | Sequence | Mapping | Call):
        return value
    if value is None or isinstance(value, bool | str):
        return Constant(value)
    if isinstance(value, tuple | list):
        return Sequence(type(value).__name__, tuple(literal(item) for item in value))
    if isinstance(value, dict):
        return Mapping(tuple(literal(key) for key in value), tuple(literal(item) for item in value.values()))
    if hasattr(value, "__index__"):
        return Constant(int(value.__index__()))
    raise ProgramError(f"A value of type {type(value).__name__} cannot stand in a program. Use int, str, tuple, dict.")


def call(name: str, *args: object, **keywords: object) -> Call:
    """Build a call; plain Python values become literals, nodes are taken as they are."""
    return Call(name, tuple(literal(arg) for arg in args), tuple((key, literal(arg)) for key, arg in keywords.items()))


def parse(text: str) -> Program:
    """Read a program.

    Args:
        text: one expression; blanks and line breaks as in Python.

    Returns:
        The program.

    Raises:
        ProgramError: if the text is no expression, or uses something outside the language.
    """
    if len(text) > MAX_PROGRAM_CHARS:
        raise ProgramError(f"The program has {len(text)} characters; at most {MAX_PROGRAM_CHARS} are read.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ProgramError(f"Not a program: {error}. A program is one expression such as 'fill(input)'.") from None
    return Program(_convert(tree.body))


def format_node(node: Node) -> str:
    """Write a node as text, the inverse of `parse`."""
    match node:
        case Name(name):
            return name
        case Constant(value):
            return repr(value)
        case Sequence("list", items):
            return "[" + ", ".join(map(format_node, items)) + "]"
        case Sequence(_, items):
            inner = ", ".join(map(format_node, items))
            return f"({inner},)" if len(items) == 1 else f"({inner})"
        case Mapping(keys, values):
            pairs = zip(keys, values, strict=True)
            return "{" + ", ".join(f"{format_node(key)}: {format_node(value)}" for key, value in pairs) + "}"
        case Call(name, args, keywords):
            parts = [*map(format_node, args), *(f"{key}={format_node(value)}" for key, value in keywords)]
            return f"{name}({', '.join(parts)})"


def walk_calls(node: Node) -> Iterator[Call]:
    """All calls below and at a node, arguments first."""
    for child in children(node):
        yield from walk_calls(child)
    if isinstance(node, Call):
        yield node


def children(node: Node) -> tuple[Node, ...]:
    """The direct sub-expressions of a node."""
    match node:
        case Sequence(_, items):
            return items
        case Mapping(keys, values):
            return (*keys, *values)
        case Call(_, args, keywords):
            return (*args, *(value for _, value in keywords))
    return ()


def _size(node: Node) -> int:
    own = 0 if isinstance(node, Name | Sequence) else 1
    return own + sum(map(_size, children(node)))


def _convert(tree: ast.expr) -> Node:
    match tree:
        case ast.Name(id=name):
            return Name(name)
        case ast.Constant(value=value) if value is None or isinstance(value, bool | int | str):
            return Constant(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return Constant(-value)
        case ast.Tuple(elts=items):
            return Sequence("tuple", tuple(map(_convert, items)))
        case ast.List(elts=items):
            return Sequence("list", tuple(map(_convert, items)))
        case ast.Dict(keys=keys, values=values) if all(key is not None for key in keys):
            return Mapping(tuple(_convert(key) for key in keys if key is not None), tuple(map(_convert, values)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if all(k.arg for k in keywords):
            named = tuple((keyword.arg or "", _convert(keyword.value)) for keyword in keywords)
            return Call(name, tuple(map(_convert, args)), named)
    shown = ast.unparse(tree)
    raise ProgramError(f"'{shown[:60]}' is not part of the language: use calls, names and literals only.")
