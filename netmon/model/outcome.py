"""Closed vocabularies: how a run ended, and where a fault is."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How one run of one source ended for one target."""

    OK = "ok"
    TIMEOUT = "timeout"
    """No answer within the deadline: unreachable, filtered, or a wrong community (they look alike)."""
    REFUSED = "refused"
    """The far end, or its host, said no (RST, ICMP port unreachable)."""
    UNREACHABLE = "unreachable"
    """The network on the way said no (ICMP net or host unreachable, no route)."""
    UNRESOLVED = "unresolved"
    """The target's name has no address."""
    DENIED = "denied"
    """The far end answered that we may not (SNMP authorizationError, HTTP 401)."""
    REJECTED = "rejected"
    """The answer came and does not satisfy what was asked (status, pattern, rcode)."""
    GARBLED = "garbled"
    """The answer came and breaks its protocol."""
    PARTIAL = "partial"
    """Some of the answer came; what is missing is None in the reading."""
    UNSUPPORTED = "unsupported"
    """The target, or this host's permissions, cannot do what was asked."""
    BUSY = "busy"
    """The run was left out because the one before it, or an exclusive one, had not ended."""
    BROKEN = "broken"
    """A defect in netmon or a plugin; the log has the traceback."""


class Fault(StrEnum):
    """Where a fault is. Attribution and shares of bottlenecks derive from this and nothing else."""

    LINE = "line"
    CPE = "cpe"
    POWER = "power"
    LAN = "lan"
    WIFI = "wifi"
    ISP = "isp"
    FAR_END = "far_end"
    RESOLVER = "resolver"
    SERVICE = "service"
    APPLIANCE = "appliance"
    UNKNOWN = "unknown"
    NONE = "none"


class SlotState(StrEnum):
    """State of one minute of one circuit. Unknown is never down and never up."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
