"""The door of `cryptography` for commissioning: Ed25519 keys and signatures (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from netmon import sdk


def sign(message: bytes, key_file: Path) -> tuple[str, str]:
    """Return public key and signature in Base64; the key is made where there is none.

    UsageError for a key that others may read, that cannot be read, or that is none of Ed25519.
    """
    key = _key(key_file)
    public = key.public_key().public_bytes_raw()
    return base64.b64encode(public).decode(), base64.b64encode(key.sign(message)).decode()


def verified(message: bytes, public_key: str, signature: str) -> bool:
    """Tell whether the signature is that key's, of this message."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        _make(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise sdk.UsageError(f"{path} can be read by others: chmod 600 {path}")
        found = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise sdk.UsageError(f"the key {path} cannot be used: {error}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise sdk.UsageError(f"{path} is no Ed25519 key")
    return found


def _make(path: Path) -> None:
    """Write a new key that only this user may read, unless there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(
            Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
