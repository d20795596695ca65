"""Records of arrays that compiled functions pass on by reference.

numba passes a named tuple by value, each of its arrays as seven numbers. A state of forty arrays would be three hundred
arguments of every function, and the compiler would spend most of its time on them.
"""

import hashlib
from typing import Any, TypeVar

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types.containers import BaseTuple
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

Record = TypeVar("Record", bound=type[tuple[Any, ...]])

_OCTET, _WORD = ir.IntType(8), ir.IntType(64)
WORD_BYTES = 8


class Reference(types.Type):
    """The place in memory of a record. record: numba's type of the named tuple."""

    def __init__(self, record: Any) -> None:
        self.record = record
        # numba names functions by the types of their arguments: the whole type would be longer than most functions.
        digest = hashlib.sha256(str(record).encode()).hexdigest()[:16]
        super().__init__(f"reference_{record.instance_class.__name__}_{digest}")


def by_reference(record: Record) -> Record:
    """Pass named tuples of a class to compiled functions by reference. They read them, but make and change none."""

    @typeof_impl.register(record)  # type: ignore[untyped-decorator]
    def type_of(values: Any, context: Any) -> Any:
        return Reference(BaseTuple.from_types([typeof_impl(value, context) for value in values], record))

    return record


@register_model(Reference)
class _ReferenceModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Reference) -> None:
        super().__init__(manager, kind, _OCTET.as_pointer())


@unbox(Reference)  # type: ignore[untyped-decorator]
def _write_down(kind: Reference, record: Any, call: Any) -> Any:
    """Write a record down on the stack, where it stays for the time of a call from Python."""
    values = call.unbox(kind.record, record)
    room = ir.ArrayType(_WORD, words_before(call.context, kind, len(kind.record)))
    place = call.builder.bitcast(cgutils.alloca_once(call.builder, room), _OCTET.as_pointer())
    for index in range(len(kind.record)):
        value = call.builder.extract_value(values.value, index)
        call.builder.store(value, place_of(call.context, call.builder, kind, place, index))
    return NativeValue(place, is_error=values.is_error, cleanup=values.cleanup)


def words_before(context: Any, kind: Reference, index: int) -> int:
    """How many words of memory a record has before an element: one for each number there."""
    return sum(_words(context.get_value_type(element)) for element in kind.record.types[:index])


def _words(kind: Any) -> int:
    return sum(map(_words, kind.elements)) if isinstance(kind, ir.Aggregate) else 1


def place_of(context: Any, builder: Any, kind: Reference, record: Any, index: int) -> Any:
    """Where an element of a record is."""
    offset = ir.Constant(_WORD, WORD_BYTES * words_before(context, kind, index))
    element = context.get_value_type(kind.record[index])
    return builder.bitcast(builder.gep(record, [offset], inbounds=True), element.as_pointer())


@infer_getattr
class _Elements(AttributeTemplate):  # type: ignore[misc]
    key = Reference

    def generic_resolve(self, kind: Reference, name: str) -> Any:
        """See `numba.core.typing.templates.AttributeTemplate`."""
        fields = kind.record.fields
        return kind.record[fields.index(name)] if name in fields else None


@lower_getattr_generic(Reference)  # type: ignore[untyped-decorator]
def _element(context: Any, builder: Any, kind: Reference, record: Any, name: str) -> Any:
    return _read(builder, place_of(context, builder, kind, record, kind.record.fields.index(name)))


def _read(builder: Any, place: Any) -> Any:
    """What is at a place, number by number: nothing is written there during a call, so nothing has to be read twice."""
    kind = place.type.pointee
    if not isinstance(kind, ir.Aggregate):
        number = builder.load(place)
        number.set_metadata("invariant.load", builder.module.add_metadata([]))
        return number
    whole = ir.Constant(kind, ir.Undefined)
    for part in range(len(kind)):
        whole = builder.insert_value(whole, _read(builder, cgutils.gep_inbounds(builder, place, 0, part)), part)
    return whole
