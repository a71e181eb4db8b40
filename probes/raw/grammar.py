"""What the daemon and the raw helper say to each other: one line of JSON each way, then the end.

    {"ask": "arp", "interface": "eth0", "seconds": 2}
    {"frames": [{"hex": "ffff...", "seconds": 0.0012}, ...]}     or     {"error": "there is no eth9"}

The helper sends and listens; what it heard is understood on the daemon's side, which has no rights to lose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from netmon import sdk

ASK_BYTES_MAX = 256
FRAME_BYTES_MAX = 1600
FRAMES_MAX = 1024
ANSWER_BYTES_MAX = FRAMES_MAX * (2 * FRAME_BYTES_MAX + 64)
SECONDS_MAX = 10.0
_TEXT_MAX = 200
_NUMBER_MAX = 1e9
_INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{1,15}")


class Task(StrEnum):
    """What the helper can do."""

    ARP = "arp"
    """Ask every address of the interface's own IPv4 network who has it."""
    ND = "nd"
    """Ask all IPv6 hosts of the link for an echo."""
    LINK = "link"
    """Give what switches said of themselves (LLDP, CDP) since the helper was first asked."""
    DHCP = "dhcp"
    """Ask for offers of an address; none is taken."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `seconds` is how long answers are collected: up to 10."""

    task: Task
    interface: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One Ethernet frame; `seconds` are those since the question went out, or its age (LINK)."""

    data: bytes
    seconds: float


def encode_ask(ask: Ask) -> bytes:
    """Return the line."""
    line = {"ask": ask.task, "interface": ask.interface, "seconds": ask.seconds}
    return json.dumps(line).encode() + b"\n"


def decode_ask(line: bytes) -> Ask:
    """Read a question; ValueError with words for anything that is none."""
    found = _table(line, ASK_BYTES_MAX)
    if set(found) != {"ask", "interface", "seconds"}:
        raise ValueError("a question has ask, interface and seconds")
    interface, seconds = found["interface"], _number(found["seconds"])
    if not isinstance(interface, str) or not is_interface(interface):
        raise ValueError("that is no interface's name")
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds are above 0 and up to {SECONDS_MAX:g}")
    return Ask(Task(str(found["ask"])), interface, seconds)


def is_interface(name: str) -> bool:
    """Tell whether an interface may have that name; there need not be one."""
    return _INTERFACE.fullmatch(name) is not None and name not in (".", "..")


def encode_frames(frames: Sequence[Frame]) -> bytes:
    """Return the line of a good answer: as many frames as may be."""
    listed = [
        {"hex": frame.data[:FRAME_BYTES_MAX].hex(), "seconds": round(frame.seconds, 6)}
        for frame in frames[:FRAMES_MAX]
    ]
    return json.dumps({"frames": listed}).encode() + b"\n"


def encode_error(text: str) -> bytes:
    """Return the line of a bad answer."""
    return json.dumps({"error": text[:_TEXT_MAX]}).encode() + b"\n"


def decode_answer(line: bytes) -> Sequence[Frame]:
    """Read an answer; SourceError(UNSUPPORTED) with the helper's words, ValueError for what is none."""
    found = _table(line, ANSWER_BYTES_MAX)
    error, frames = found.get("error"), found.get("frames")
    if isinstance(error, str):
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, f"the raw helper says: {sdk.clean(error)}")
    if not isinstance(frames, list) or len(frames) > FRAMES_MAX:
        raise ValueError("an answer has an error or frames")
    return [_frame(frame) for frame in frames]


def _frame(found: object) -> Frame:
    data = found.get("hex") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(data, str) or len(data) > 2 * FRAME_BYTES_MAX:
        raise ValueError("a frame has hex and seconds")
    return Frame(bytes.fromhex(data), _number(found.get("seconds")))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _NUMBER_MAX:
        raise ValueError("seconds are a number")
    return float(value)


def _table(line: bytes, most_bytes: int) -> dict[str, object]:
    if len(line) > most_bytes:
        raise ValueError(f"more than {most_bytes} bytes")
    try:
        found = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("a line is one JSON object")  # noqa: TRY004 - as above
    return found
