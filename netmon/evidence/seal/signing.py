"""The door of `cryptography` for evidence: Ed25519 (RFC 8032), a key pair for each site and each issuer.

Not an HMAC: a key that both sides know proves nothing to a third one.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from netmon.errors import NetmonError


class KeyFileError(NetmonError):
    """The key's file cannot be used."""


class Signer(Protocol):
    """Signs with a key that stays where it is."""

    @property
    def public(self) -> bytes:
        """The 32 octets that everybody may have."""

    def sign(self, message: bytes) -> bytes:
        """Return 64 octets."""


class Ed25519Signer:
    """A private key in memory."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> bytes:
        """The public key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return self._key.sign(message)


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the owner of a key signed a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of a public key in hexadecimal: what is written down at installation."""
    return sha256(public).hexdigest()


def open_key(path: Path) -> Ed25519Signer:
    """Return the key of a file, which is made when it is not there, readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Ed25519Signer(_seed(path))
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    seed = os.urandom(32)
    with os.fdopen(descriptor, "wb") as file:
        file.write(seed)
        file.flush()
        os.fsync(descriptor)
    return Ed25519Signer(seed)


def _seed(path: Path) -> bytes:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path} may be read by others: chmod 600 it, and have it replaced")
        seed = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    if len(seed) != 32:
        raise KeyFileError(f"{path} is no key of 32 octets")
    return seed
