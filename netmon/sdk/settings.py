"""Settings of sources: what the configuration file says about one of them, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, SecretStr

from netmon.errors import UsageError
from netmon.hours import Hours

_NO_SECRET = SecretStr("")
_NEVER = Hours()


class Settings(BaseModel):
    """Base of every plugin's own settings: strict, frozen, unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class NoSettings(Settings):
    """For sources that have nothing to set."""


class SnmpVersion(StrEnum):
    """SNMP message versions."""

    V1 = "1"
    V2C = "2c"
    V3 = "3"


@dataclass(frozen=True, slots=True)
class Credential:
    """How to ask a device: secrets are resolved, and hidden from repr.

    The v3 fields follow RFC 3414: `auth` and `privacy` are protocol names ("SHA-256", "AES-128"),
    None for none.
    """

    name: str
    version: SnmpVersion
    community: SecretStr = _NO_SECRET
    user: str = ""
    auth: str | None = None
    auth_secret: SecretStr = _NO_SECRET
    privacy: str | None = None
    privacy_secret: SecretStr = _NO_SECRET
    context_name: str = ""
    allow_weak: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the site. `wan` maps the ifName of a circuit's port to that circuit's id."""

    name: str
    address: str
    port: int
    credential: Credential
    role: str = ""
    parent: str = ""
    other_source: bool = False
    """Accept replies that come from another address than the one asked (multi-homed agents)."""
    wan: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Circuit:
    """A line from a supplier, as far as measuring needs to know it; rates in bit/s, None: not given."""

    id: str
    down_bits_per_second: int | None = None
    up_bits_per_second: int | None = None
    rate_layer: str = "L2"
    source_address: str = ""
    interface: str = ""
    metered: bool = False
    supplier: str = ""
    supplier_ref: str = ""
    egress: tuple[str, ...] = ()
    """Public networks that its packets come from; empty: not told."""
    quiet_hours: Hours = _NEVER
    """When no bandwidth test may run, in the site's own time."""
    reserve_bytes: int = 0
    """What planned tests leave of its cap."""
    backup_of: str = ""
    endpoints: tuple[str, ...] = ()
    """Hosts that its contract names for tests."""

    @property
    def has_source(self) -> bool:
        """True when packets can be tied to it, by an own address or interface."""
        return bool(self.source_address or self.interface)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one source has to do: its name, its targets, and how often."""

    name: str
    targets: tuple[str, ...]
    every_seconds: float
    timeout_seconds: float
    role: str = ""
    circuit: str = ""
    device: Device | None = None
    devices: tuple[Device, ...] = ()
    """All devices of the site, for a source that hears from any of them."""
    credentials: tuple[Credential, ...] = ()
    """What such a source lets them use."""

    def require_device(self) -> Device:
        """Return the device; UsageError for a source that was not given one."""
        if self.device is None:
            raise UsageError(
                f"{self.name} reads a device: it belongs into [[device]] collect, not into [[probe]]"
            )
        return self.device
