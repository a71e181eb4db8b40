"""The TCP connections of one test, counted by the kernel: what arrived, not what was written."""

from __future__ import annotations

import socket
from asyncio.trsock import TransportSocket
from collections.abc import Callable, Iterator
from typing import TypeVar

from probes.bandwidth.layers import IP_HEADER_BYTES, TCP_HEADER_BYTES, PacketShape, full_packet
from probes.bandwidth.measured import Direction, Flow
from probes.tcp_info import TcpFlow, tcp_flow

N = TypeVar("N", int, float)
_NEARLY_FULL = 0.75
TRACED = (
    "rtt_seconds", "bytes_acked", "bytes_received", "bytes_retransmitted", "busy_seconds",
    "window_limited_seconds", "buffer_limited_seconds",
)  # fmt: skip
"""What is noted of TCP_INFO at each look: the longest round trip, and sums since the test began."""


class Connections:
    """Keeps the last word of each connection, so that one that has ended still counts."""

    def __init__(self, direction: Direction, version: int) -> None:
        self._down = direction is Direction.DOWN
        self._version = version
        self._sockets: list[socket.socket | TransportSocket] = []
        self._began: list[TcpFlow | None] = []
        self._last: list[TcpFlow | None] = []
        self.local_address = ""

    def add(self, sock: socket.socket | TransportSocket) -> None:
        """Count a connection from now on, its set-up apart."""
        flow = tcp_flow(sock)
        self.local_address = sock.getsockname()[0]
        self._sockets.append(sock)
        self._began.append(flow)
        self._last.append(flow)

    def look(self) -> None:
        """Ask the kernel again."""
        self._last = [tcp_flow(sock) or last for sock, last in zip(self._sockets, self._last, strict=True)]

    @property
    def told(self) -> bool:
        """Tell whether this kernel says what connections carry."""
        return any(self._last)

    @property
    def arrived(self) -> int:
        """Return what has arrived in the test's direction, in units of `unit_bytes`.

        Down, segments are counted: bytes only count once every gap before them is filled, which makes
        steps out of a steady stream with a loss in it. Up, what arrived behind a gap counts as well.
        """
        if self._down:
            return self._sum(lambda flow: flow.data_segments_received)
        return self._sum(lambda flow: flow.bytes_acked + flow.bytes_sacked)

    @property
    def unit_bytes(self) -> float:
        """Return TCP payload per unit of what arrived: of a segment down, of a byte up.

        Bytes behind a gap are not among those received: what makes the mean a little less than a full
        segment are gaps, what makes it much less are segments that are not full.
        """
        segments = self._sum(lambda flow: flow.data_segments_received)
        if not self._down or not segments:
            return 1.0
        mean_bytes = self._sum(lambda flow: flow.bytes_received) / segments
        full_bytes = max(flow.segment_bytes for flow in self._last if flow is not None)
        return full_bytes if mean_bytes > _NEARLY_FULL * full_bytes else mean_bytes

    @property
    def wire_bytes(self) -> int:
        """Return IP bytes of both directions, set-up, acknowledgements and repetitions included."""
        fixed_bytes = IP_HEADER_BYTES[self._version] + TCP_HEADER_BYTES
        return sum(
            flow.bytes_sent
            + flow.bytes_received
            + (flow.segments_sent + flow.segments_received) * (fixed_bytes + flow.option_bytes)
            for flow in self._last
            if flow is not None
        )

    @property
    def packet(self) -> PacketShape:
        """Return the mean data packet that was really used; a full one before there was any."""
        segments = self._sum(
            lambda flow: flow.data_segments_received if self._down else flow.data_segments_sent
        )
        payload_bytes = self._sum(lambda flow: flow.bytes_received if self._down else flow.bytes_sent)
        if segments == 0 or payload_bytes == 0:
            return full_packet(self._version)
        options = max(flow.option_bytes for flow in self._last if flow is not None)
        header_bytes = IP_HEADER_BYTES[self._version] + TCP_HEADER_BYTES + options
        mean_bytes = self.unit_bytes if self._down else payload_bytes / segments
        return PacketShape(mean_bytes, header_bytes)

    def looked(self) -> tuple[float, ...]:
        """Return what the kernel says now, all connections together, in the order of TRACED."""
        known = [flow for flow in self._last if flow is not None]
        return (
            max((flow.rtt_seconds for flow in known), default=0.0),
            float(self._sum(lambda flow: flow.bytes_acked)),
            float(self._sum(lambda flow: flow.bytes_received)),
            float(self._sum(lambda flow: flow.bytes_retransmitted)),
            sum(self._grown(lambda flow: flow.busy_seconds)),
            sum(self._grown(lambda flow: flow.window_limited_seconds)),
            sum(self._grown(lambda flow: flow.buffer_limited_seconds)),
        )

    def flow(self, seconds: float) -> Flow | None:
        """Return what held this end's sender back; None when the kernel does not say."""
        known = [flow for flow in self._last if flow is not None]
        if not known or seconds <= 0:
            return None
        whole = seconds * len(known)
        sent_bytes = self._sum(lambda flow: flow.bytes_sent)
        again_bytes = self._sum(lambda flow: flow.bytes_retransmitted)
        up = None if self._down else whole
        return Flow(
            streams=len(known),
            retransmitted_ratio=again_bytes / sent_bytes if sent_bytes and up else None,
            min_rtt_seconds=min(flow.min_rtt_seconds for flow in known),
            rtt_seconds=max(flow.rtt_seconds for flow in known),
            busy_ratio=self._share(lambda flow: flow.busy_seconds, up),
            window_limited_ratio=self._share(lambda flow: flow.window_limited_seconds, up),
            buffer_limited_ratio=self._share(lambda flow: flow.buffer_limited_seconds, up),
        )

    def _share(self, part: Callable[[TcpFlow], float], whole: float | None) -> float | None:
        return None if whole is None else min(sum(self._grown(part)) / whole, 1.0)

    def _sum(self, part: Callable[[TcpFlow], int]) -> int:
        return sum(self._grown(part))

    def _grown(self, part: Callable[[TcpFlow], N]) -> Iterator[N]:
        for began, last in zip(self._began, self._last, strict=True):
            if began is not None and last is not None:
                yield part(last) - part(began)
