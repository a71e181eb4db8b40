"""Who may speak, and how often: decided before anything of a datagram is decoded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final

from collectors.snmp.limits import Allowance
from collectors.traps.counts import Reason

_STRANGERS_KEPT: Final = 256
_STRANGER_PER_SECOND: Final = 1.0
_STRANGER_BURST: Final = 10
_STRANGERS_PER_SECOND: Final = 10.0
_STRANGERS_BURST: Final = 40


@dataclass(frozen=True, slots=True)
class Rates:
    """Notifications per second from one configured device and from all sources, and how many at once."""

    per_second: float = 1.0
    burst: int = 100
    all_per_second: float = 20.0
    all_burst: int = 1000


class Gate:
    """Token buckets: each device its own, strangers small ones of a bounded number, and one for all.

    A flood of forged strangers cannot take a device's place; one with a device's address can take only that
    device's.
    """

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._devices: dict[str, str] = {}
        self._allowed: dict[str, Allowance] = {}
        self._strangers: OrderedDict[str, Allowance] = OrderedDict()
        self._all_strangers = Allowance(_STRANGERS_PER_SECOND, _STRANGERS_BURST)
        self._all = Allowance(rates.all_per_second, rates.all_burst)

    def know(self, devices: Mapping[str, str]) -> None:
        """Take the devices' names by address; buckets of addresses that stay are kept."""
        self._devices = dict(devices)
        rates = self._rates
        self._allowed = {
            address: self._allowed.get(address) or Allowance(rates.per_second, rates.burst)
            for address in devices
        }

    def device(self, address: str) -> str:
        """Return the name of the device that has this address; empty for a stranger."""
        return self._devices.get(address, "")

    def refuse(self, address: str, now: float) -> Reason | None:
        """Return why a datagram from this address is dropped now; None lets it in."""
        allowed = self._allowed.get(address)
        if allowed is None:
            if not (self._stranger(address).take(now) and self._all_strangers.take(now)):
                return Reason.STRANGER
        elif not allowed.take(now):
            return Reason.RATE
        return None if self._all.take(now) else Reason.ALL

    def _stranger(self, address: str) -> Allowance:
        allowed = self._strangers.get(address)
        if allowed is None:
            if len(self._strangers) >= _STRANGERS_KEPT:
                self._strangers.popitem(last=False)
            allowed = self._strangers[address] = Allowance(_STRANGER_PER_SECOND, _STRANGER_BURST)
        return allowed


class Once:
    """Says yes to a key once per while, and to so many keys in all: what goes beyond is only counted."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._until: OrderedDict[Hashable, float] = OrderedDict()

    def first(self, key: Hashable, now: float) -> bool:
        """Tell whether this key is new, and there is room for it."""
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        if key in self._until or len(self._until) >= self._most:
            return False
        self._until[key] = now + self._seconds
        return True


class Recent:
    """The datagrams of the last while, by hash: whether one came before. The oldest go when it is full."""

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._seen: OrderedDict[int, float] = OrderedDict()

    def again(self, key: Hashable, now: float) -> bool:
        """Note it; tell whether it was noted before."""
        number = hash(key)
        if self._seen.get(number, 0.0) > now:
            return True
        self._seen[number] = now + self._seconds
        self._seen.move_to_end(number)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return False
