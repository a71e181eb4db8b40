"""The configuration as the verdict and the pages see it."""

from __future__ import annotations

from netmon.config.plan import Planned
from netmon.config.schema import Configuration
from netmon.verdict.view import Watch, WatchedCircuit, WatchedDevice, WatchedProbe


def watch(configuration: Configuration, planned: tuple[Planned, ...]) -> Watch:
    """Return what is watched, and what it is for."""
    probes = {
        one.assignment.name: WatchedProbe(
            one.assignment.name,
            one.source_name,
            one.assignment.role,
            one.every_seconds,
            one.assignment.circuit,
        )
        for one in planned
        if one.assignment.device is None
    }
    devices = {
        one.assignment.device.name: WatchedDevice(
            one.assignment.device.name,
            one.assignment.device.role,
            one.every_seconds,
            one.assignment.device.parent,
        )
        for one in planned
        if one.assignment.device is not None
    }
    circuits = {
        circuit.id: WatchedCircuit(
            circuit.id,
            circuit.supplier,
            circuit.supplier_ref,
            circuit.down_bits_per_second,
            circuit.up_bits_per_second,
            circuit.wan.device if circuit.wan else "",
            circuit.wan.interface if circuit.wan else "",
            circuit.backup_of or "",
        )
        for circuit in configuration.circuits
    }
    return Watch(
        configuration.site.id, configuration.site.name or configuration.site.id, probes, devices, circuits
    )
