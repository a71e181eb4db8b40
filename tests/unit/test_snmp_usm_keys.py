"""Keys of SNMPv3: what RFC 3414 prints, and what net-snmp and pysnmp make of the same passphrase."""

import functools
import hashlib

import pytest

from collectors.snmp.usm_keys import localised, master_key, privacy_key, slow_extension
from collectors.snmp.usm_protocols import AUTHS, PRIVACIES, Privacy

PASSPHRASE = b"maplesyrup"
ENGINE_ID = bytes.fromhex("000000000000000000000002")

# RFC 3414 appendix A.3.1 and A.3.2
PRINTED = [
    ("MD5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
    ("SHA-1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
]


@pytest.mark.parametrize(("name", "master", "local"), PRINTED, ids=[name for name, *_ in PRINTED])
def test_keys_are_those_that_the_standard_prints(name, master, local):
    found = master_key(AUTHS[name].hash_name, PASSPHRASE)
    assert found.hex() == master
    assert localised(AUTHS[name].hash_name, found, ENGINE_ID).hex() == local


@pytest.mark.parametrize("name", ["SHA-224", "SHA-256", "SHA-384", "SHA-512"])
def test_the_newer_hashes_give_the_keys_that_pysnmp_gives(name):
    from pyasn1.type.univ import OctetString
    from pysnmp.proto.secmod.rfc3414 import localkey

    hash_name = AUTHS[name].hash_name
    hasher = functools.partial(hashlib.new, hash_name)
    theirs = localkey.password_to_key(OctetString(PASSPHRASE), OctetString(ENGINE_ID), hasher)
    ours = localised(AUTHS[name].hash_name, master_key(AUTHS[name].hash_name, PASSPHRASE), ENGINE_ID)
    assert ours == bytes(theirs)


def test_a_short_key_grows_by_its_own_hash_or_by_being_a_passphrase():
    auth, master = AUTHS["SHA-1"], master_key("sha1", PASSPHRASE)
    base = localised("sha1", master, ENGINE_ID)
    by_hash = privacy_key(auth, PRIVACIES["AES-256"], master, ENGINE_ID)
    by_passphrase = privacy_key(auth, PRIVACIES["AES-256-Reeder"], master, ENGINE_ID)
    assert len(by_hash) == len(by_passphrase) == 32
    assert by_hash[:20] == by_passphrase[:20] == base
    # draft-blumenthal-aes-usm-04 section 3.1.2.1; draft-reeder-snmpv3-usm-3desede-00 section 2.1
    assert by_hash[20:] == hashlib.sha1(base).digest()[:12]
    assert by_passphrase[20:] == localised("sha1", master_key("sha1", base), ENGINE_ID)[:12]


@pytest.mark.parametrize("name", sorted(PRIVACIES))
@pytest.mark.parametrize("auth", sorted(AUTHS))
def test_every_pair_has_a_key_of_its_ciphers_length(auth, name):
    privacy = PRIVACIES[name]
    key = privacy_key(AUTHS[auth], privacy, b"m" * 16, ENGINE_ID)
    assert len(key) == privacy.key_octets
    assert slow_extension(AUTHS[auth], privacy) == (
        name.endswith("Reeder") and auth in {"MD5", "SHA-1"} | ({"SHA-224"} if "256" in name else set())
    )


def test_a_hash_that_is_too_short_for_a_cipher_without_extension_never_gets_a_key():
    with pytest.raises(ValueError, match="too short"):
        privacy_key(AUTHS["MD5"], Privacy("AES", 24), b"m" * 16, ENGINE_ID)


def test_an_empty_passphrase_never_becomes_a_key():
    with pytest.raises(ValueError, match="empty"):
        master_key("sha1", b"")
