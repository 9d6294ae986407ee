"""Memory as compiled code sees it: pointers and planes instead of arrays, and the names their types go by.

An array is seven values or more to the compiler, and each access to it asks whether the index is negative; a pointer
is one value. That is most of what compiling cost. Nothing checks an index: a kernel must know its room.
"""

from __future__ import annotations

import operator
from typing import Any, Protocol, TypeAlias

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable


class Memory(Protocol):
    """Numbers by index, or in a plane by (row, column)."""

    def __getitem__(self, index: Any, /) -> int:
        """A number."""
        ...

    def __setitem__(self, index: Any, value: Any, /) -> None:
        """Write a number."""
        ...

    def __len__(self) -> int:
        """How many; an array's alone."""
        ...


Bytes: TypeAlias = Memory
"""Bytes: a pointer in a `kernel`, a one-dimensional array in an `entry`."""
Rows: TypeAlias = Memory
"""32-bit integers, likewise."""
Ints: TypeAlias = Memory
"""64-bit integers, likewise."""
Words: TypeAlias = Any
"""64-bit words without sign, likewise."""
Word: TypeAlias = Any
"""One such word."""
BytePlane: TypeAlias = Memory
"""Rows of bytes: a `Plane` in a `kernel`, a two-dimensional array in an `entry`."""
RowPlane: TypeAlias = Memory
"""32-bit integers, likewise."""
IntPlane: TypeAlias = Memory
"""64-bit integers, likewise."""
WordPlane: TypeAlias = Any
"""64-bit words without sign, likewise."""

LINES = {"Bytes": types.uint8, "Rows": types.int32, "Ints": types.int64, "Words": types.uint64}
PLANES = {"BytePlane": types.uint8, "RowPlane": types.int32, "IntPlane": types.int64, "WordPlane": types.uint64}
SCALARS = {"int": types.int64, "bool": types.boolean, "Word": types.uint64, "None": types.void}
"""What the names stand for; of memory, the type of its items."""
# numba's own functions have no types.
Pointer: Any = types.CPointer
_proxy: Any = cgutils.create_struct_proxy
_unpack: Any = cgutils.unpack_tuple
_lower: Any = lower_builtin
_StructModel: Any = models.StructModel


class Plane(types.Type):
    """A two-dimensional array as a pointer and a width: `plane[y, x]`."""

    def __init__(self, dtype: Any) -> None:
        """Make the type for items of a type."""
        self.dtype = dtype
        super().__init__(name=f"Plane({dtype})")


@register_model(Plane)
class _PlaneModel(_StructModel):  # type: ignore[misc]  # numba has no types
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("data", Pointer(kind.dtype)), ("width", types.int64)])


@type_callable(operator.getitem)
def _type_getitem(context: Any) -> Any:
    def typer(plane: Any, index: Any) -> Any:
        return plane.dtype if isinstance(plane, Plane) and isinstance(index, types.BaseTuple) else None

    return typer


@type_callable(operator.setitem)
def _type_setitem(context: Any) -> Any:
    def typer(plane: Any, index: Any, value: Any) -> Any:
        return types.none if isinstance(plane, Plane) and isinstance(index, types.BaseTuple) else None

    return typer


def _address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Where an item of a plane stands."""
    kind, index = signature.args[:2]
    plane = _proxy(kind)(context, builder, args[0])
    row, column = (
        context.cast(builder, value, given, types.int64)
        for value, given in zip(_unpack(builder, args[1]), index.types, strict=True)
    )
    return builder.gep(plane.data, [builder.add(builder.mul(row, plane.width), column)])


def _getitem(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return context.unpack_value(builder, signature.args[0].dtype, _address(context, builder, signature, args))


def _setitem(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    dtype = signature.args[0].dtype
    value = context.cast(builder, args[2], signature.args[2], dtype)
    context.pack_value(builder, dtype, value, _address(context, builder, signature, args))
    return context.get_dummy_value()


_lower(operator.getitem, Plane, types.BaseTuple)(_getitem)
_lower(operator.setitem, Plane, types.BaseTuple, types.Any)(_setitem)


def _plane(typingctx: Any, array: Any) -> Any:
    """A two-dimensional array as a `Plane`; like `pointer`, of arguments only."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        source = context.make_array(signature.args[0])(context, builder, args[0])
        plane = _proxy(signature.return_type)(context, builder)
        plane.data = source.data
        plane.width = _unpack(builder, source.shape)[1]
        return plane._getvalue()

    return Plane(array.dtype)(array), codegen


def _pointer(typingctx: Any, array: Any) -> Any:
    """Where the items of an array begin. The array must outlive the pointer: take it of arguments only."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return Pointer(array.dtype)(array), codegen


def _as_bytes(typingctx: Any, array: Any) -> Any:
    """The same as a pointer to bytes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.bitcast(data, context.get_value_type(signature.return_type))

    return Pointer(types.uint8)(array), codegen


def _count_bits(typingctx: Any, word: Any) -> Any:
    """Number of set bits of a uint64, as the processor's instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


plane: Any = intrinsic(_plane)
pointer: Any = intrinsic(_pointer)
as_bytes: Any = intrinsic(_as_bytes)
count_bits: Any = intrinsic(_count_bits)
