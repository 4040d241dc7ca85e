"""Any value of any record of KSP/1, drawn from what its fields declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from kscoin import codec, courier, messages, wallets
from kscoin.entries import ClockSet, Close, JournalEntry, Note, Start, Torn
from kscoin.fields import Choice, Digits, FieldType, ListOf, Octets, Record, Row, Text, Uint, wired
from kscoin.messages import Message
from kscoin.purse import Interval

# Every message, and everything else that is written as a map: a new one is tested by being there.
MESSAGES: Final[tuple[type[Message], ...]] = tuple(
    kind
    for kind in (*vars(messages).values(), *vars(wallets).values(), courier.Parcel)
    if isinstance(kind, type) and issubclass(kind, Message) and kind is not Message
)
MAPS: Final = (JournalEntry, Start, Torn, Close, ClockSet, Note)
# Long lists are only more of the same, and slow.
_LIST_MAX: Final = 5
_BYTES_MAX: Final = 80


def any_record(kind: type[Record]) -> st.SearchStrategy[Any]:
    """Return values of a record, every field anywhere in its range."""
    return st.builds(
        kind, **{each.name: _field(each.type, each.is_optional) for each in wired(kind)}
    )


def any_value() -> st.SearchStrategy[codec.Value]:
    """Return values that KSP/1's CBOR can hold."""
    plain = st.none() | st.booleans() | _uint() | st.binary(max_size=40) | st.text(max_size=20)
    return st.recursive(plain, _containers, max_leaves=12)


def any_interval(highest_won: int) -> st.SearchStrategy[Interval]:
    """Return intervals of a spending line that ends at `highest_won`."""
    edges = st.integers(0, highest_won)
    return (
        st.lists(edges, min_size=2, max_size=2, unique=True)
        .map(sorted)
        .map(lambda pair: Interval(*pair))
    )


def _uint() -> st.SearchStrategy[int]:
    return st.integers(0, codec.MAX_UINT)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(_uint(), inner, max_size=4)


def _field(field_type: FieldType, is_optional: bool) -> st.SearchStrategy[Any]:
    values = _VALUES[type(field_type)](field_type)
    return st.none() | values if is_optional else values


def _octets(field_type: Octets) -> st.SearchStrategy[bytes]:
    if field_type.length is not None:
        return st.binary(min_size=field_type.length, max_size=field_type.length)
    return st.binary(max_size=_BYTES_MAX)


def _text(field_type: Text) -> st.SearchStrategy[str]:
    characters = st.characters(exclude_categories=["Cc", "Cs"])
    return st.text(characters, max_size=field_type.max_bytes).filter(
        lambda text: len(text.encode()) <= field_type.max_bytes
    )


def _list(field_type: ListOf) -> st.SearchStrategy[tuple[Any, ...]]:
    items = _field(field_type.item, is_optional=False)
    return st.lists(items, max_size=min(field_type.at_most, _LIST_MAX)).map(tuple)


_VALUES: Final[dict[type, Callable[[Any], st.SearchStrategy[Any]]]] = {
    Uint: lambda each: st.integers(each.lowest, each.highest),
    Octets: _octets,
    Text: _text,
    Digits: lambda each: st.text("0123456789", min_size=each.count, max_size=each.count),
    Choice: lambda each: st.sampled_from(each.members),
    ListOf: _list,
    Row: lambda each: any_record(each.record),
}
