"""The door of `cryptography`: SNMPv3's ciphers. Imported when the first encrypted credential is used.

A salt is never used twice with one key: it counts on from a random beginning.
"""

from __future__ import annotations

import secrets
from itertools import count

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from collectors.snmp.ber import BerError
from collectors.snmp.usm_channel import PrivacyCipher

_MASK_64 = 2**64 - 1
_MASK_32 = 2**32 - 1
_DES_BLOCK = 8
_AES_BLOCK = 16


class AesPrivacy:
    """AES in CFB mode (RFC 3826 section 3.1); 128, 192 or 256 bits by the key's length.

    In this mode a block's key stream is the block cipher's output for the encrypted block before it, and
    depends on nothing else (NIST SP 800-38A section 6.3). So with the vector passed off as such a block,
    and always whole blocks, one context serves all messages, at a third of the cost of making one.
    """

    def __init__(self, key: bytes) -> None:
        aes = AES(key)
        cfb = Cipher(aes, CFB(bytes(_AES_BLOCK)))
        self._block = Cipher(aes, ECB()).encryptor()  # noqa: S305 - the bare block cipher, for CFB's first block
        self._encryptor, self._decryptor = cfb.encryptor(), cfb.decryptor()
        self._last = bytes(_AES_BLOCK)
        self._salts = count(secrets.randbits(64))

    def encrypt(self, plain: bytes, boots: int, seconds: int) -> tuple[bytes, bytes]:
        """Return salt and encrypted octets; AES in this mode needs no padding."""
        salt = (next(self._salts) & _MASK_64).to_bytes(8, "big")
        vector = int.from_bytes((boots << 32 | seconds).to_bytes(8, "big") + salt, "big")
        # What becomes the vector when it is encrypted after the last message's last block.
        before = int.from_bytes(self._block.update(self._last), "big") ^ vector
        size = len(plain)
        whole = before.to_bytes(_AES_BLOCK, "big") + plain + bytes(-size % _AES_BLOCK)
        encrypted = self._encryptor.update(whole)
        self._last = encrypted[-_AES_BLOCK:]
        return salt, encrypted[_AES_BLOCK : _AES_BLOCK + size]

    def decrypt(self, encrypted: bytes, salt: bytes, boots: int, seconds: int) -> bytes:
        """Return the plain octets; BerError for a salt of another length than eight."""
        if len(salt) != 8:
            raise BerError(f"a salt of {len(salt)} octets")
        vector = (boots << 32 | seconds).to_bytes(8, "big") + salt
        size = len(encrypted)
        whole = vector + encrypted + bytes(-size % _AES_BLOCK)
        return self._decryptor.update(whole)[_AES_BLOCK : _AES_BLOCK + size]


class DesPrivacy:
    """DES in CBC mode (RFC 3414 section 8.1); the second half of the key makes the vector."""

    def __init__(self, key: bytes) -> None:
        # DES is TripleDES with one key three times; the library has no single DES to offer.
        self._des = TripleDES(key[:8] * 3)
        self._pre_vector = int.from_bytes(key[8:16], "big")
        self._salts = count(secrets.randbits(32))

    def encrypt(self, plain: bytes, boots: int, seconds: int) -> tuple[bytes, bytes]:
        """Return salt and encrypted octets, padded to whole blocks."""
        del seconds
        salt = (boots << 32 | next(self._salts) & _MASK_32).to_bytes(8, "big")
        padded = plain + bytes(-len(plain) % _DES_BLOCK)
        return salt, Cipher(self._des, CBC(self._vector(salt))).encryptor().update(padded)

    def decrypt(self, encrypted: bytes, salt: bytes, boots: int, seconds: int) -> bytes:
        """Return the plain octets; BerError for broken blocks or a salt of another length than eight."""
        del boots, seconds
        if len(salt) != 8 or len(encrypted) % _DES_BLOCK:
            raise BerError("not whole blocks of DES")
        return Cipher(self._des, CBC(self._vector(salt))).decryptor().update(encrypted)

    def _vector(self, salt: bytes) -> bytes:
        return (self._pre_vector ^ int.from_bytes(salt, "big")).to_bytes(8, "big")


def cipher(name: str, key: bytes) -> PrivacyCipher:
    """Return the cipher of a privacy protocol: "AES" or "DES"."""
    return DesPrivacy(key) if name == "DES" else AesPrivacy(key)
