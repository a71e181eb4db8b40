"""Interfaces of devices and of this machine, with what they do now."""

from __future__ import annotations

import re
from collections.abc import Mapping

from netmon.latest import LatestRow
from netmon.model import Metric
from netmon.rates import Count, rate
from netmon.verdict.circuits import octet_rate_bits
from netmon.verdict.view import stale_seconds
from netmon.web.documents import InterfaceDocument
from netmon.web.snapshot import Snapshot

# IF-MIB (RFC 2863).
OPER_STATUS: Mapping[int, str] = {
    1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not present", 7: "lower layer down",
}  # fmt: skip
ADMIN_STATUS: Mapping[int, str] = {1: "up", 2: "down", 3: "testing"}

_OWN_EVERY_SECONDS = 30.0
_DIGITS = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key that puts Gi1/0/2 before Gi1/0/10."""
    parts = _DIGITS.split(name[:255])
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part)


def interface_documents(snapshot: Snapshot, device: str = "") -> tuple[InterfaceDocument, ...]:
    """Return the interfaces of one device, or of all, in natural order."""
    wan = {(c.wan_device, c.wan_interface): c.id for c in snapshot.watch.circuits.values()}
    return tuple(
        _interface(snapshot, row, wan.get((name, row.label("ifName")), ""))
        for name in snapshot.watch.devices
        if device in ("", name)
        for row in sorted(snapshot.ports.get(name, ()), key=lambda row: natural(row.label("ifName")))
    )


def own_interface_documents(snapshot: Snapshot) -> tuple[InterfaceDocument, ...]:
    """Return the interfaces of the machine that netmon runs on."""
    rows = sorted(snapshot.own_ports, key=lambda row: natural(row.label("interface")))
    return tuple(_own(snapshot, row) for row in rows)


def _interface(snapshot: Snapshot, row: LatestRow, circuit: str) -> InterfaceDocument:
    device = row.label("device")
    speed = row.value("ifHighSpeed")
    age_seconds = snapshot.age_seconds(row)
    return InterfaceDocument(
        device=device,
        name=row.label("ifName"),
        alias=row.label("ifAlias"),
        description=row.label("ifDescr"),
        circuit=circuit,
        admin=_word(ADMIN_STATUS, row, "ifAdminStatus"),
        oper=_word(OPER_STATUS, row, "ifOperStatus"),
        speed_bits_per_second=speed * 1e6 if speed else None,  # Mbit/s; 0: the agent does not say
        in_bits_per_second=_bits(row, "ifHCInOctets", "ifInOctets"),
        out_bits_per_second=_bits(row, "ifHCOutOctets", "ifOutOctets"),
        errors_per_second=_sum(row, "ifInErrors", "ifOutErrors"),
        discards_per_second=_sum(row, "ifInDiscards", "ifOutDiscards"),
        age_seconds=age_seconds,
        stale=age_seconds > stale_seconds(snapshot.watch.devices[device].every_seconds),
        key=dict(row.row.key),
    )


def _own(snapshot: Snapshot, row: LatestRow) -> InterfaceDocument:
    up, speed, age_seconds = row.value("netmon_host_network_up"), _own_speed(row), snapshot.age_seconds(row)
    received = per_second(row, "netmon_host_network_receive_bytes_total")
    sent = per_second(row, "netmon_host_network_transmit_bytes_total")
    return InterfaceDocument(
        device="",
        name=row.label("interface"),
        alias="",
        description="",
        circuit="",
        admin=None,
        oper=None if up is None else OPER_STATUS[1 if up else 2],
        speed_bits_per_second=speed,
        in_bits_per_second=None if received is None else received * 8,
        out_bits_per_second=None if sent is None else sent * 8,
        errors_per_second=_sum(
            row, "netmon_host_network_receive_errors_total", "netmon_host_network_transmit_errors_total"
        ),
        discards_per_second=_sum(
            row, "netmon_host_network_receive_drops_total", "netmon_host_network_transmit_drops_total"
        ),
        age_seconds=age_seconds,
        stale=age_seconds > stale_seconds(_OWN_EVERY_SECONDS),
        key=dict(row.row.key),
    )


def _own_speed(row: LatestRow) -> float | None:
    octets = row.value("netmon_host_network_speed_bytes_per_second")
    return octets * 8 if octets else None


def _bits(row: LatestRow, wide: str, narrow: str) -> float | None:
    """Return bit/s by the 64-bit counter; by the 32-bit one of a port that has no other."""
    if row.value(wide) is not None:
        return octet_rate_bits(row, wide)
    octets = per_second(row, narrow)
    return None if octets is None else octets * 8


def _word(words: Mapping[int, str], row: LatestRow, metric: str) -> str | None:
    value = row.value(metric)
    return None if value is None else words.get(int(value))


def _sum(row: LatestRow, *metrics: str) -> float | None:
    known = [value for metric in metrics if (value := per_second(row, metric)) is not None]
    return sum(known) if known else None


def per_second(row: LatestRow, name: str) -> float | None:
    """Return a counter's growth per second since the reading before; None when it cannot be known."""
    metric = next((one for one in row.reading.shape.metrics if one.name == name), None)
    if row.before is None or metric is None:
        return None
    before, after = _count(row.before, metric), _count(row, metric)
    return None if before is None or after is None else rate(before, after, metric.wrap_bits)


def _count(row: LatestRow, metric: Metric) -> Count | None:
    value = row.value(metric.name)
    epochs = row.reading.epochs
    if not isinstance(value, int):
        return None
    return Count(value, row.reading.stamp.boottime_ns, epochs[row.at] if epochs else 0)
