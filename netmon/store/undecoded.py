"""A column as it lies in a block, decoded when somebody looks: who asks for eight may use three."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from netmon.model import Value
from netmon.store.codec import unpack_whole


class Undecoded(Sequence[Value]):
    """The values of one stream, whose checksum was right. Each look decodes all of it: see `decoded`."""

    def __init__(self, data: bytes, count: int) -> None:
        self._data, self._count = data, count

    def whole(self) -> Sequence[Value]:
        """Return all values at once; none of them is known when they are no series in spite of that."""
        try:
            return unpack_whole(self._data, self._count)
        except ValueError:
            return [None] * self._count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Value: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Value]: ...

    def __getitem__(self, place: int | slice) -> Value | Sequence[Value]:
        return self.whole()[place]

    def __iter__(self) -> Iterator[Value]:
        return iter(self.whole())


def decoded(values: Sequence[Value]) -> Sequence[Value]:
    """Return a column's values in memory, for whoever looks at them more than once."""
    return values.whole() if isinstance(values, Undecoded) else values
