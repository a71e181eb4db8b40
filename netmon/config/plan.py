"""Turn a configuration into what has to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import SecretStr

from netmon.config.credential import CredentialSection
from netmon.config.schema import Configuration
from netmon.config.site import CircuitSection
from netmon.config.traps import TrapsSection
from netmon.config.watch import DeviceSection, ProbeSection
from netmon.sdk import Assignment, Circuit, Credential, Device, Settings, SnmpVersion

HOST = "host"
"""Source and job that watch the own machine, always."""

TRAPS = "traps"
"""Source and job that listen to devices, where `[traps]` says so; the source wakes it by its own name."""

_HOST_EVERY_SECONDS = 30.0
_HOST_TIMEOUT_SECONDS = 10.0
_TRAPS_EVERY_SECONDS = 30.0
_TRAPS_TIMEOUT_SECONDS = 10.0
_NO_SECRET = SecretStr("")


@dataclass(frozen=True, slots=True)
class Planned:
    """One source that has to run. One that is equal after a reload needs no restart.

    Sources with the same `job` run one after the other: the collectors of a device share one, a probe
    has its own. `site`, `timezone`, `circuit` and `egress` (all circuits' public networks, for a probe
    that is tied to no circuit) are here because a source opened with others must be opened again.
    """

    source_name: str
    assignment: Assignment
    settings: Settings
    job: str
    site: str
    circuit: Circuit | None = None
    egress: tuple[tuple[str, tuple[str, ...]], ...] = ()
    timezone: str = "UTC"

    @property
    def every_seconds(self) -> float:
        """How often the job runs."""
        return self.assignment.every_seconds


def assignments(configuration: Configuration) -> tuple[Planned, ...]:
    """Return everything that has to run: the own host first, then probes, devices, and who hears them."""
    return (
        *_own_host(configuration),
        *_probes(configuration),
        *_devices(configuration),
        *_traps(configuration),
    )


def circuits(configuration: Configuration) -> dict[str, Circuit]:
    """Return the circuits by id, as sources see them."""
    return {section.id: sdk_circuit(section) for section in configuration.circuits}


def probe_job(name: str) -> str:
    """Return the name of a probe's job."""
    return f"probe/{name}"


def device_job(name: str) -> str:
    """Return the name of the job that all collectors of a device share."""
    return f"device/{name}"


def _own_host(configuration: Configuration) -> Iterator[Planned]:
    settings = configuration.settings.get((HOST, HOST))
    if settings is not None:
        yield Planned(HOST, host_assignment(), settings, HOST, configuration.site.id)


def _probes(configuration: Configuration) -> Iterator[Planned]:
    for section in configuration.probes:
        job, circuit = probe_job(section.name), _carrier(configuration, section)
        lines = [sdk_circuit(line) for line in configuration.circuits]
        yield Planned(
            section.type,
            replace(probe_assignment(section), circuit=circuit.id if circuit else ""),
            configuration.settings[job, section.type],
            job,
            configuration.site.id,
            circuit or (lines[0] if len(lines) == 1 else None),
            ()
            if circuit
            else tuple((line.id, line.egress) for line in configuration.circuits if line.egress),
            configuration.site.timezone,
        )


def _carrier(configuration: Configuration, probe: ProbeSection) -> Circuit | None:
    """Return the circuit that is proven to carry a probe: it binds to its source, or there is no other."""
    known = circuits(configuration)
    circuit = known[probe.circuit] if probe.circuit else None
    return circuit if circuit is not None and (circuit.has_source or len(known) == 1) else None


def _devices(configuration: Configuration) -> Iterator[Planned]:
    for section in configuration.devices:
        job = device_job(section.name)
        credential = configuration.credentials[section.credential]
        device = sdk_device(section, credential, configuration.circuits)
        for collector in section.collect:
            settings = configuration.settings[job, collector]
            assignment = device_assignment(section, device, collector)
            yield Planned(collector, assignment, settings, job, configuration.site.id)


def _traps(configuration: Configuration) -> Iterator[Planned]:
    if configuration.traps is not None:
        credentials, lines = configuration.credentials, configuration.circuits
        devices = tuple(
            sdk_device(section, credentials[section.credential], lines) for section in configuration.devices
        )
        assignment = traps_assignment(configuration.traps, devices, credentials)
        yield Planned(TRAPS, assignment, configuration.settings[TRAPS, TRAPS], TRAPS, configuration.site.id)


def host_assignment() -> Assignment:
    """Return what watching the own machine means."""
    return Assignment(HOST, ("localhost",), _HOST_EVERY_SECONDS, _HOST_TIMEOUT_SECONDS)


def traps_assignment(
    section: TrapsSection, devices: tuple[Device, ...], credentials: Mapping[str, CredentialSection]
) -> Assignment:
    """Return where to listen, to which devices, and what they may use."""
    return Assignment(
        TRAPS,
        (section.listen,),
        _TRAPS_EVERY_SECONDS,
        _TRAPS_TIMEOUT_SECONDS,
        devices=devices,
        credentials=tuple(sdk_credential(name, credentials[name]) for name in section.credentials),
    )


def probe_assignment(section: ProbeSection) -> Assignment:
    """Return what a probe has to do."""
    return Assignment(
        section.name,
        section.targets,
        section.every_seconds,
        section.deadline_seconds,
        role=section.role or "",
        circuit=section.circuit or "",
    )


def device_assignment(section: DeviceSection, device: Device, collector: str) -> Assignment:
    """Return what one collector has to do at a device."""
    return Assignment(
        collector,
        (device.name,),
        section.every_seconds,
        section.deadline_seconds,
        role=device.role,
        device=device,
    )


def sdk_circuit(section: CircuitSection) -> Circuit:
    """Return a circuit as sources see it."""
    return Circuit(
        section.id,
        section.down_bits_per_second,
        section.up_bits_per_second,
        section.rate_layer,
        section.source_address,
        section.interface,
        section.metered,
        section.supplier,
        section.supplier_ref,
        section.egress,
        section.quiet_hours,
        section.reserve_bytes,
        section.backup_of or "",
        section.endpoints,
    )


def sdk_device(
    section: DeviceSection, credential: CredentialSection, lines: Sequence[CircuitSection]
) -> Device:
    """Return a device as collectors see it, with the circuits that are plugged into it."""
    return Device(
        section.name,
        section.address.host,
        section.address.port,
        sdk_credential(section.credential, credential),
        role=section.role or "",
        parent=section.parent or "",
        other_source=section.other_source,
        wan={line.wan.interface: line.id for line in lines if line.wan and line.wan.device == section.name},
    )


def sdk_credential(name: str, section: CredentialSection) -> Credential:
    """Return a credential as collectors see it; the v3 fields are empty for the other versions."""
    version = SnmpVersion(section.version)
    if version is not SnmpVersion.V3:
        return Credential(name, version, section.community or _NO_SECRET, allow_weak=section.allow_weak)
    return Credential(
        name,
        version,
        user=section.user,
        auth=None if section.auth == "none" else section.auth,
        auth_secret=section.auth_secret or _NO_SECRET,
        privacy=None if section.privacy == "none" else section.privacy,
        privacy_secret=section.privacy_secret or _NO_SECRET,
        context_name=section.context_name,
        allow_weak=section.allow_weak,
    )
