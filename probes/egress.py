"""Egress: which public address do our packets come from, and so, which circuit carried them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network

from netmon import sdk
from probes.binding import packet_info
from probes.datagram_query import QuerySockets, Reply, Token
from probes.egress_message import (
    TRANSACTION,
    TRANSACTION_BYTES,
    MessageError,
    decode_answer,
    encode_request,
)
from probes.families import FamilyProbe, FamilySettings
from probes.target import Endpoint, Resolved, parse_endpoint, resolve
from probes.timestamping import KERNEL_STAMPS, StampKeeper

RTT = sdk.gauge(
    "netmon_probe_egress_duration_seconds",
    "Time by phase: from request to answer, from kernel stamps where possible.",
    phase="rtt",
)
CARRIED_BY = sdk.info(
    "netmon_egress_circuit_info",
    "Circuit whose public networks the packets came from; unknown when it is none of them.",
    label="carried_by",
)
FACT, EVENT, UNKNOWN = "egress", "egress_change", "unknown"

_PORT = 3478


class EgressSockets(QuerySockets):
    """The daemon's STUN sockets; the answer repeats 96 random bits of the request."""

    token = Token(asked=TRANSACTION, answered=TRANSACTION)


class EgressProbe(FamilyProbe[FamilySettings]):
    """Ask a STUN server where the request came from."""

    measurement = "egress"
    own_metrics = (RTT, CARRIED_BY, KERNEL_STAMPS)
    settings_type = FamilySettings
    binds = True
    grace_seconds = 1.0

    def __init__(self, assignment: sdk.Assignment, settings: FamilySettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints: dict[str, Endpoint] = {
            target: parse_endpoint(target, _PORT) for target in assignment.targets
        }
        self._seen: dict[str, str] = {}

    async def open(self, context: sdk.Context) -> None:
        """Share the daemon's sockets."""
        await super().open(context)
        await context.shared.get(StampKeeper)
        self._sockets = await context.shared.get(EgressSockets)

    async def measure(self, target: str) -> sdk.Sample:
        """Ask one server."""
        endpoint = self._endpoints[target]
        resolved = await resolve(self.context, endpoint.host, self.settings.family, self.circuit)
        transaction = secrets.token_bytes(TRANSACTION_BYTES)
        stamp = self.context.clock.stamp()
        reply = await self._ask(resolved, endpoint.port, transaction)
        try:
            address = decode_answer(reply.data, transaction)
        except MessageError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"the answer is malformed: {error}") from error
        circuit = circuit_of(address, self.context.circuits)
        self.context.trace(f"{target} saw us as {address}: circuit {circuit}")
        trip = reply.round_trip
        values: dict[sdk.Metric, sdk.Value] = {RTT: trip.seconds, KERNEL_STAMPS: int(trip.kernel)}
        records = tuple(self._news(target, address, circuit, stamp))
        return sdk.Sample(values, {CARRIED_BY: circuit}, records=records)

    async def _ask(self, resolved: Resolved, port: int, transaction: bytes) -> Reply:
        query_socket = self._sockets.of(resolved.version)
        left_seconds = max(self.assignment.timeout_seconds - resolved.seconds, 0.0)
        leave_by = packet_info(resolved.version, self.circuit)
        to = (resolved.address, port)
        reply = await query_socket.ask(to, encode_request(transaction), left_seconds, leave_by)
        if reply is None:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "no answer to the request")
        return reply

    def _news(self, target: str, address: str, circuit: str, stamp: sdk.Stamp) -> Iterator[sdk.Record]:
        """Yield a fact when the address is another than before, and an event when there was one before.

        The address is no label: one behind a carrier's NAT may change all day.
        """
        before, self._seen[target] = self._seen.get(target), address
        if before == address:
            return
        key = self._key(target)
        yield sdk.Fact(FACT, key, {"address": address, "carried_by": circuit}, stamp)
        if before is not None:
            data = {"address": address, "before": before, "carried_by": circuit}
            yield sdk.Event(
                EVENT, key, f"packets come from {address} now ({circuit}), not {before}", stamp, data
            )


def circuit_of(address: str, circuits: Mapping[str, sdk.Circuit]) -> str:
    """Return the id of the one circuit with a network that has an address; `unknown`: none, or several."""
    parsed = ip_address(address)
    found = [
        name
        for name, circuit in circuits.items()
        if any(parsed in ip_network(network) for network in circuit.egress)
    ]
    return found[0] if len(found) == 1 else UNKNOWN
