"""DNS queries over UDP: one stamped socket per family for all resolvers."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from probes.datagram_query import QuerySocket, QuerySockets, Reply, Token
from probes.dns_message import Question, encode_query
from probes.stamped_socket import Address
from probes.timestamping import Ancillary


class DnsSockets(QuerySockets):
    """The daemon's DNS sockets; an answer is known by the id of its query."""

    token = Token(asked=slice(2), answered=slice(2))


async def ask_resolver(
    query_socket: QuerySocket,
    to: Address,
    question: Question,
    wait_seconds: float,
    ancillary: Sequence[Ancillary] = (),
) -> Reply | None:
    """Send a query and wait for its answer; None when none comes, SourceError when it is refused."""
    while True:
        identifier = secrets.randbelow(1 << 16)
        if not query_socket.waits_for(to, identifier.to_bytes(2, "big")):
            break
    query = encode_query(identifier, question)
    return await query_socket.ask(to, query, wait_seconds, ancillary)
