"""Read numbers out of the text files of /proc and /sys. Pure; what is not there is None."""

from __future__ import annotations

import re

from netmon import sdk

CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Columns of the `cpu` line of /proc/stat, in the kernel's order (proc(5))."""
INTERFACE_COUNTERS = (
    "receive_bytes", "receive_packets", "receive_errors", "receive_drops",
    "transmit_bytes", "transmit_packets", "transmit_errors", "transmit_drops",
)  # fmt: skip
_NET_DEV_COLUMNS = (0, 1, 2, 3, 8, 9, 10, 11)
THROTTLE_BITS = {"under_voltage": 0, "frequency_capped": 1, "throttled": 2, "soft_temperature_limit": 3}
"""Bits of the Raspberry Pi firmware's get_throttled; 16 higher: it happened since boot."""
_SINCE_BOOT = 16

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_PLAUSIBLE_CELSIUS = (-100.0, 250.0)
_NET_DEV_WIDTH = 16


def whole(text: str | None) -> int | None:
    """Return a whole number that stands alone; None for anything else."""
    stripped = (text or "").strip()
    return int(stripped) if _WHOLE.fullmatch(stripped) else None


def cpu_seconds(stat: str | None, ticks_per_second: int) -> dict[str, float]:
    """Return seconds by mode since boot, over all processors; modes that an old kernel lacks are left out."""
    for line in (stat or "").splitlines():
        name, _, rest = line.partition(" ")
        if name == "cpu":
            ticks = [whole(field) for field in rest.split()]
            return {
                mode: count / ticks_per_second
                for mode, count in zip(CPU_MODES, ticks, strict=False)
                if count is not None and count >= 0
            }
    return {}


def boot_time_seconds(stat: str | None) -> int | None:
    """Return Unix time of the boot, as the kernel works it out from the present wall clock."""
    for line in (stat or "").splitlines():
        if line.startswith("btime "):
            return whole(line[len("btime ") :])
    return None


def memory_bytes(meminfo: str | None) -> dict[str, int]:
    """Return sizes by the kernel's names (MemTotal, MemAvailable ...); the file counts in KiB."""
    sizes = {}
    for line in (meminfo or "").splitlines():
        name, _, amount = line.partition(":")
        kibibytes = whole(amount.removesuffix("kB"))
        if kibibytes is not None and kibibytes >= 0:
            sizes[name] = kibibytes * 1024
    return sizes


def load_averages(loadavg: str | None) -> tuple[float | None, float | None, float | None]:
    """Return the load over 1, 5 and 15 minutes."""
    fields = [*(loadavg or "").split()[:3], "", "", ""]
    one, five, fifteen = (float(f) if re.fullmatch(r"[0-9]{1,9}\.[0-9]{2}", f) else None for f in fields[:3])
    return one, five, fifteen


def interface_counters(net_dev: str | None) -> dict[str, dict[str, int]]:
    """Return the counters of INTERFACE_COUNTERS by interface name, in the kernel's order."""
    found = {}
    for line in (net_dev or "").splitlines():
        name, colon, rest = line.rpartition(":")
        numbers = [whole_counter(field) for field in rest.split()]
        if colon and len(numbers) >= _NET_DEV_WIDTH:
            chosen = zip(INTERFACE_COUNTERS, (numbers[at] for at in _NET_DEV_COLUMNS), strict=True)
            found[sdk.clean(name)] = {counter: value for counter, value in chosen if value is not None}
    return found


def whole_counter(text: str) -> int | None:
    """Return a 64-bit counter's value; None for anything else."""
    value = int(text) if re.fullmatch(r"[0-9]{1,20}", text, re.ASCII) else None
    return value if value is not None and value < 2**64 else None


def celsius(millidegrees: str | None) -> float | None:
    """Return a temperature; None for what no living machine has (a sensor that is not connected)."""
    value = whole(millidegrees)
    if value is None:
        return None
    degrees = value / 1000
    low, high = _PLAUSIBLE_CELSIUS
    return degrees if low <= degrees <= high else None


def throttling(get_throttled: str | None) -> dict[tuple[str, str], int]:
    """Return 0 or 1 by cause and by `now` or `since_boot`; empty where the firmware does not tell."""
    text = (get_throttled or "").strip().removeprefix("throttled=").removeprefix("0x")
    if not re.fullmatch(r"[0-9a-fA-F]{1,8}", text):
        return {}
    bits = int(text, 16)
    return {
        (cause, when): bits >> (bit + shift) & 1
        for cause, bit in THROTTLE_BITS.items()
        for when, shift in (("now", 0), ("since_boot", _SINCE_BOOT))
    }


def up(operstate: str | None) -> int | None:
    """Return 1 or 0 for an interface's operstate (RFC 2863 §3.1.14); None where its driver cannot say."""
    known = (operstate or "").strip()
    if known == "up":
        return 1
    return 0 if known in {"down", "lowerlayerdown", "dormant", "notpresent", "testing"} else None


def speed_bytes_per_second(megabits: str | None) -> int | None:
    """Return the negotiated speed; None when the link is down or has none (the kernel says -1)."""
    value = whole(megabits)
    return value * 125_000 if value is not None and value > 0 else None


def full_duplex(duplex: str | None) -> int | None:
    """Return 1 for full, 0 for half duplex, None when it is not known."""
    return {"full": 1, "half": 0}.get((duplex or "").strip())
