"""A site of many switches in virtual time: counters grow by the loop's clock, each port at its own rate.

Agents answer from replies that they keep, with ids and counters put in, so that a day fits into minutes.
"""

from __future__ import annotations

import asyncio
import random
import struct
from dataclasses import dataclass, field

from fakes.snmp_agent import IF_X_TABLE, FakePort

from collectors.snmp import ber
from collectors.snmp.agent import Agent, SortedObjects, Typed, time_ticks
from collectors.snmp.message import decode_header, decode_varbinds

COMMUNITY = "day"
LINE_OCTETS_PER_SECOND = 125e6
_TICKS = struct.Struct(">I")
_COUNT = struct.Struct(">Q")


def port_rate(number: int) -> float:
    """Return a port's octets per second; ports beside each other differ at least twofold."""
    return 1000.0 * 2 ** (number * 7 % 16)


@dataclass
class Faults:
    """What is wrong with one device."""

    loss: float = 0.01
    delay_seconds: float = 0.0
    dark: bool = False
    renumbers_every_seconds: float = 0.0
    reboots_every_seconds: float = 0.0


@dataclass
class DayDevice:
    """One switch: its ports keep their names, whatever their ifIndex is."""

    name: str
    count: int
    faults: Faults
    chance: random.Random
    indexes: list[int] = field(default_factory=list)
    booted_at: float = 0.0
    generation: int = 0
    last_change: int = 5

    def __post_init__(self) -> None:
        self.indexes = list(range(1, self.count + 1))

    def octets(self, number: int, now: float) -> int:
        """Return ifHCInOctets of a port; every port began a billion apart from its neighbour."""
        return int(number * 10**9 + port_rate(number) * (now - self.booted_at))

    def renumber(self) -> None:
        """Deal the same ifIndexes out anew, as some devices do, and tell nobody."""
        self.chance.shuffle(self.indexes)
        self.generation += 1

    def reboot(self, now: float) -> None:
        """Start from nought."""
        self.booted_at = now
        self.generation += 1

    def objects(self, now: float) -> SortedObjects:
        found = {
            "1.3.6.1.2.1.1.3.0": Typed(ber.TIME_TICKS, b"\0" + _TICKS.pack(self.ticks(now))),
            "1.3.6.1.2.1.1.5.0": self.name,
            "1.3.6.1.2.1.2.1.0": self.count,
            "1.3.6.1.2.1.31.1.5.0": time_ticks(self.last_change),
        }
        for number, index in enumerate(self.indexes):
            found.update(FakePort(index, f"Gi0/{number}".encode()).objects())
            for place, scale in ((6, 1), (10, 2)):
                value = self.octets(number, now) * scale
                found[f"{IF_X_TABLE}.{place}.{index}"] = Typed(ber.COUNTER64, b"\0" + _COUNT.pack(value))
        return SortedObjects({ber.oid(name): live for name, live in found.items()})

    def ticks(self, now: float) -> int:
        return int((now - self.booted_at) * 100) % 2**32


_IN = ber.encode_oid(ber.oid(f"{IF_X_TABLE}.6"))
_OUT = ber.encode_oid(ber.oid(f"{IF_X_TABLE}.10"))
_UPTIME = ber.encode_oid(ber.oid("1.3.6.1.2.1.1.3.0"))


class DayAgent(Agent):
    """Answers for one device, late, never, or from what it knows."""

    def __init__(self, device: DayDevice) -> None:
        super().__init__(lambda: self._now_objects, COMMUNITY)
        self.device = device
        self._generation = -1
        self._kept: dict[bytes, tuple[bytearray, int, list[tuple[int, int, int]], int]] = {}
        self._now_objects = SortedObjects({})

    def datagram_received(self, data, addr) -> None:
        self.requests_total += 1
        device, loop = self.device, asyncio.get_running_loop()
        if device.faults.dark or device.chance.random() < device.faults.loss:
            return
        reply = self._reply(data, loop.time())
        if device.faults.delay_seconds:
            loop.call_later(device.faults.delay_seconds, self._send, reply, addr)
        else:
            self._transport.sendto(reply, addr)

    def _send(self, reply, addr) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(reply, addr)

    def _reply(self, data: bytes, now: float) -> bytes:
        device, header = self.device, decode_header(data)
        if self._generation != device.generation:
            self._generation = device.generation
            self._kept.clear()
            self._now_objects = device.objects(now)
        key = data[: header.id_at] + data[header.id_at + 4 :]
        if key not in self._kept:
            self._kept[key] = self._learn(self.answer(data))
        reply, id_at, counters, ticks_at = self._kept[key]
        reply[id_at : id_at + 4] = data[header.id_at : header.id_at + 4]
        for at, number, scale in counters:
            _COUNT.pack_into(reply, at, device.octets(number, now) * scale)
        if ticks_at:
            _TICKS.pack_into(reply, ticks_at, device.ticks(now))
        return bytes(reply)

    def _learn(self, reply: bytes):
        header = decode_header(reply)
        numbers = {index: number for number, index in enumerate(self.device.indexes)}
        counters, ticks_at = [], 0
        for name, _, start, _ in decode_varbinds(reply, header):
            for prefix, scale in ((_IN, 1), (_OUT, 2)):
                if name.startswith(prefix):
                    (index,) = ber.decode_arcs(name[len(prefix) :])
                    counters.append((start + 1, numbers[index], scale))
            if name == _UPTIME:
                ticks_at = start + 1
        return bytearray(reply), header.id_at, counters, ticks_at
