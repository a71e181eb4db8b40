"""Minutes of one circuit, or of a site, in order: one byte each, so that a year is counted in milliseconds.

What no row told of is unknown. Where two rows fall into one minute (the clock was set, a row came twice)
the order in which they came changes nothing: up goes before unknown, and unknown before down, because
down takes proof for the whole minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from netmon.model import Fault, SlotState
from netmon.model.derived import FAULT_NUMBERS

_STATES = (SlotState.DOWN, SlotState.UNKNOWN, SlotState.UP)
"""In the order of precedence: of two, the later one."""
_FAULTS = tuple(FAULT_NUMBERS)
_FLAGS = (None, False, True)
_STRIDE = len(_FAULTS) * len(_FLAGS)


@dataclass(frozen=True, slots=True)
class Kind:
    """What one minute was. `degraded` is None where it was not up, or nobody told."""

    state: SlotState
    fault: Fault
    degraded: bool | None = None

    @property
    def code(self) -> int:
        """The byte that stands for it; of two for one minute, the larger one counts."""
        told = FAULT_NUMBERS[self.fault] * len(_FLAGS) + _FLAGS.index(self.degraded)
        return _STATES.index(self.state) * _STRIDE + told


KINDS = tuple(Kind(state, fault, degraded) for state in _STATES for fault in _FAULTS for degraded in _FLAGS)
"""All kinds, at the places of their codes."""
NOBODY_TOLD = Kind(SlotState.UNKNOWN, Fault.NONE)
"""Has the smallest code of the unknown: whatever was told of the minute goes before it."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The codes of minutes, from `start_minute` (since 1970, UTC) on."""

    start_minute: int
    codes: bytes

    @property
    def end_minute(self) -> int:
        """The minute after the last one."""
        return self.start_minute + len(self.codes)

    def cut(self, start_minute: int, end_minute: int) -> Strip:
        """Return another stretch; minutes that this one does not have are unknown."""
        before = min(max(self.start_minute - start_minute, 0), end_minute - start_minute)
        first = max(start_minute - self.start_minute, 0)
        inside = self.codes[first : max(end_minute - self.start_minute, first)]
        blank = bytes([NOBODY_TOLD.code])
        codes = blank * before + inside
        return Strip(start_minute, codes + blank * (end_minute - start_minute - len(codes)))

    def letters(self, alphabet: bytes) -> bytes:
        """Return one letter for each minute; an alphabet is made by `letters_by`."""
        return self.codes.translate(alphabet)


def letters_by(name: Callable[[Kind], str]) -> bytes:
    """Return an alphabet: which letter stands for which kind of minute."""
    found = "".join(name(kind) for kind in KINDS).encode("ascii")
    return found + b"?" * (256 - len(found))


@dataclass(frozen=True, slots=True)
class Told:
    """What one row told of one minute."""

    minute: int
    kind: Kind


def lay(told: Iterable[Told], start_minute: int, end_minute: int) -> Strip:
    """Lay rows out, whatever their order and however often they come; those outside are left out."""
    codes = bytearray([NOBODY_TOLD.code]) * (end_minute - start_minute)
    heard = bytearray(len(codes))
    for one in told:
        place = one.minute - start_minute
        if 0 <= place < len(codes):
            code = one.kind.code
            # A minute that nobody told of is unknown by default, which must not outweigh a proven down.
            codes[place] = max(codes[place], code) if heard[place] else code
            heard[place] = 1
    return Strip(start_minute, bytes(codes))


STATES = letters_by(lambda kind: {SlotState.UP: "u", SlotState.DOWN: "d"}.get(kind.state, "?"))
"""u, d and ? for up, down and unknown."""
