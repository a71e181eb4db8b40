"""What one train of requests says: figures that ping and UDP echo have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netmon import sdk
from probes.echo import Echo
from probes.echo_socket import MIN_PAYLOAD_BYTES
from probes.timestamping import KERNEL_STAMPS

RTT_MIN = sdk.gauge("netmon_probe_rtt_min_seconds", "Shortest round trip of the train.")
RTT_MAX = sdk.gauge("netmon_probe_rtt_max_seconds", "Longest round trip of the train.")
LOSS = sdk.gauge("netmon_probe_loss_ratio", "Share of the train's packets that were not answered.")
SENT = sdk.integer("netmon_probe_packets_sent", "Packets of the last train.")
RECEIVED = sdk.integer("netmon_probe_packets_received", "Packets of the last train that were answered.")
DUPLICATED = sdk.integer(
    "netmon_probe_packets_duplicated", "Further replies to packets of the last train, after the first."
)
LATE = sdk.gauge(
    "netmon_probe_late_seconds",
    "How late the train's latest packet left by its schedule: netmon was busy, the time is still right.",
)
TRAIN_METRICS = (RTT_MIN, RTT_MAX, LOSS, SENT, RECEIVED, DUPLICATED, LATE, KERNEL_STAMPS)

Texts = Mapping[sdk.Metric, str]

_MAX_PAYLOAD_BYTES = 65_499  # an IPv6 datagram less its ICMP header (RFC 8200 §4.5)


def train_sample(
    echoes: Sequence[Echo], rtt: sdk.Metric, more: Mapping[sdk.Metric, sdk.Value], texts: Texts
) -> sdk.Sample:
    """Return the figures of one train, `rtt` its median (the lower of two), and `more`.

    OK when at least one reply came, else the network's reason.
    """
    trips = [trip for trip in [echo.round_trip for echo in echoes] if trip is not None]
    values = {
        **more,
        LOSS: 1 - len(trips) / len(echoes),
        SENT: len(echoes),
        RECEIVED: len(trips),
        DUPLICATED: sum([echo.duplicates for echo in echoes]),
        LATE: max([echo.late_seconds for echo in echoes]),
    }
    if not trips:
        error = next((echo.error for echo in echoes if echo.error is not None), None)
        outcome = error.outcome if error else sdk.Outcome.TIMEOUT
        detail = str(error) if error else f"none of {len(echoes)} packets was answered"
        return sdk.Sample(values, texts, outcome, detail)
    seconds = sorted([trip.seconds for trip in trips])
    values[rtt] = seconds[(len(seconds) - 1) // 2]
    values[RTT_MIN], values[RTT_MAX] = seconds[0], seconds[-1]
    values[KERNEL_STAMPS] = int(all(trip.kernel for trip in trips))
    return sdk.Sample(values, texts)


def story(echo: Echo) -> str:
    """Return one packet's fate in words."""
    late = f", left {echo.late_seconds * 1000:.3f} ms late"
    trip = echo.round_trip
    if trip is None:
        return f"{echo.error or 'lost'}{late}"
    stamps = "kernel stamps" if trip.kernel else "own clock"
    return f"{trip.seconds * 1000:.3f} ms by {stamps}, {echo.duplicates} duplicates{late}"


def check_train(assignment: sdk.Assignment, packets: int, spacing_seconds: float, size_bytes: int) -> None:
    """Raise UsageError for a train that cannot work."""
    check_range(assignment, "packets", packets, 1, 100)
    check_range(assignment, "size_bytes", size_bytes, MIN_PAYLOAD_BYTES, _MAX_PAYLOAD_BYTES)
    longest_seconds = spacing_seconds * 1.5 * (packets - 1)
    if longest_seconds >= assignment.timeout_seconds:
        raise sdk.UsageError(
            f"{assignment.name}: {packets} packets with {spacing_seconds:g} s between them"
            f" do not fit into a timeout of {assignment.timeout_seconds:g} s"
        )


def check_range(assignment: sdk.Assignment, name: str, value: int, low: int, high: int) -> None:
    """Raise UsageError for a number out of its range."""
    if not low <= value <= high:
        raise sdk.UsageError(f"{assignment.name}: {name} is {value}, not {low} to {high}")
