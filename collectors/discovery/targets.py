"""Which addresses to ask: networks, addresses and names, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from netmon import sdk

MOST_ADDRESSES = 4096
"""More than that is no site, and would take hours at a polite rate."""


def targets(words: Iterable[str]) -> list[str]:
    """Return addresses and names in the order given; UsageError for what is neither, or too much."""
    found = dict.fromkeys(target for word in words for target in _of(word))
    if len(found) > MOST_ADDRESSES:
        raise sdk.UsageError(f"{len(found)} addresses are more than {MOST_ADDRESSES}; name smaller networks")
    return list(found)


def _of(word: str) -> Iterator[str]:
    network = _network(word)
    if network is None:
        yield word
    elif network.num_addresses > MOST_ADDRESSES:
        raise sdk.UsageError(f"{word} has more than {MOST_ADDRESSES} addresses; name smaller networks")
    elif network.num_addresses == 1:
        yield str(network.network_address)
    else:
        yield from map(str, network.hosts())


def _network(word: str) -> IPv4Network | IPv6Network | None:
    """Return the network that a word is; None for a name."""
    try:
        return ip_network(word, strict=False)
    except ValueError as error:
        if "/" in word or word.replace(".", "").isdecimal():
            raise sdk.UsageError(f"{word!r} is no network: {error}") from error
        return None
