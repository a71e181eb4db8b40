"""Minutes, contracts and sites for tests of evidence, written shortly."""

from __future__ import annotations

from itertools import groupby
from random import Random

from netmon.evidence.calendar import Days, month
from netmon.evidence.inputs.files import Inputs, read_texts
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.strip import Kind, Strip, Told
from netmon.model import Fault, SlotState

UP = Kind(SlotState.UP, Fault.NONE, degraded=False)
WEAK = Kind(SlotState.UP, Fault.LINE, degraded=True)
LINE = Kind(SlotState.DOWN, Fault.LINE)
POWER = Kind(SlotState.DOWN, Fault.POWER)
CPE = Kind(SlotState.DOWN, Fault.CPE)
NOBODY = Kind(SlotState.DOWN, Fault.UNKNOWN)
OFF = Kind(SlotState.UNKNOWN, Fault.APPLIANCE)
FAR = Kind(SlotState.UP, Fault.SERVICE, degraded=False)
KINDS = {"u": UP, "w": WEAK, "d": LINE, "p": POWER, "c": CPE, "n": NOBODY, "f": FAR, "?": OFF}
MARCH = month(2026, 3, "Europe/London")


def told(text: str, start_minute: int) -> list[Told]:
    """Rows from a short text such as "u60 d5 ?2 u": a letter for what, a number for how long."""
    found: list[Told] = []
    for part in text.split():
        for _ in range(int(part[1:] or 1)):
            found.append(Told(start_minute + len(found), KINDS[part[0]]))
    return found


def strip(text: str, start_minute: int = MARCH.start_minute) -> Strip:
    """A strip from such a text."""
    codes = [bytes([KINDS[part[0]].code]) * int(part[1:] or 1) for part in text.split()]
    return Strip(start_minute, b"".join(codes))


def filled(text: str, days: Days) -> Strip:
    """A strip of whole days: the text first, up for the rest."""
    begun = strip(text, days.start_minute)
    rest = days.end_minute - begun.end_minute
    return Strip(days.start_minute, begun.codes + bytes([UP.code]) * rest)


def inputs(contract: str = "", **files: str) -> Inputs:
    """Inputs from `column=value` words of one contract that holds from 2024, and whole files."""
    texts = dict(files)
    if contract:
        cells = dict(part.strip().split("=", 1) for part in contract.split("|") if part.strip())
        cells = {"circuit": "c1", "from": "2024-01-01", "document": "Order 1", "clause": "4"} | cells
        quoted = ",".join(f'"{value}"' for value in cells.values())
        texts["contracts"] = f"{','.join(cells)}\n{quoted}\n"
    return read_texts(texts)


def terms(contract: str) -> Terms:
    """The terms of such words."""
    found = inputs(contract).contracts
    row = found.on(found.circuits[0], MARCH.first)
    assert row is not None
    return row


def shuffled(rows: list[Told], seed: int) -> list[Told]:
    """The same rows in another order, some of them twice."""
    random = Random(seed)
    again = [*rows, *random.sample(rows, len(rows) // 3)]
    random.shuffle(again)
    return again


def runs(letters: bytes) -> str:
    """Letters as a short text, such as "u60 d5"."""
    return " ".join(f"{chr(letter)}{len(list(group))}" for letter, group in groupby(letters))
