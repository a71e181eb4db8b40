"""The root of an hour's records, as certificate logs make it (RFC 6962 section 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_LEAF, _NODE = b"\0", b"\1"


def merkle_root(leaves: Sequence[bytes]) -> str:
    """Return the tree's hash in hexadecimal; leaves and nodes are told apart by a first byte.

    A tree of n splits at the largest power of two below n; without leaves it is the hash of nothing.
    """
    return _hash(leaves).hex()


def _hash(leaves: Sequence[bytes]) -> bytes:
    n = len(leaves)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(_LEAF + leaves[0]).digest()
    split = 1 << (n - 1).bit_length() - 1
    return sha256(_NODE + _hash(leaves[:split]) + _hash(leaves[split:])).digest()
