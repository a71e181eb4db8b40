"""The configuration as the verdict and the pages see it."""

from __future__ import annotations

from ipaddress import ip_network

from netmon.config.plan import Planned
from netmon.config.routes import Network
from netmon.config.schema import Configuration
from netmon.config.values import Endpoint
from netmon.verdict.view import Watch, WatchedCircuit, WatchedDevice, WatchedProbe

_SNMP_PORT = 161


def watch(
    configuration: Configuration, planned: tuple[Planned, ...], near: tuple[Network, ...] = ()
) -> Watch:
    """Return what is watched, and what it is for."""
    devices: dict[str, WatchedDevice] = {}
    for one in planned:
        device = one.assignment.device
        if device is not None:
            sources = devices[device.name].sources if device.name in devices else ()
            devices[device.name] = WatchedDevice(
                device.name,
                device.role,
                one.every_seconds,
                device.parent,
                (*sources, one.source_name),
                device.address if device.port == _SNMP_PORT else str(Endpoint(device.address, device.port)),
            )
    site = configuration.site
    return Watch(
        site.id,
        site.name or site.id,
        (*near, *(ip_network(text) for text in site.networks)),
        _probes(configuration, planned),
        devices,
        _circuits(configuration),
    )


def _probes(configuration: Configuration, planned: tuple[Planned, ...]) -> dict[str, WatchedProbe]:
    outside_of = {probe.name: probe.outside_of or "" for probe in configuration.probes}
    return {
        one.assignment.name: WatchedProbe(
            one.assignment.name,
            one.source_name,
            one.assignment.role,
            one.every_seconds,
            one.assignment.circuit,
            one.assignment.timeout_seconds,
            outside_of.get(one.assignment.name, ""),
        )
        for one in planned
        if one.assignment.device is None
    }


def _circuits(configuration: Configuration) -> dict[str, WatchedCircuit]:
    return {
        circuit.id: WatchedCircuit(
            circuit.id,
            circuit.supplier,
            circuit.supplier_ref,
            circuit.down_bits_per_second,
            circuit.up_bits_per_second,
            circuit.wan.device if circuit.wan else "",
            circuit.wan.interface if circuit.wan else "",
            circuit.backup_of or "",
            bool(circuit.interface),
            circuit.egress,
        )
        for circuit in configuration.circuits
    }
