"""What blackbox_exporter says of addresses, certificates and zones, worked out without it."""

import subprocess
from hashlib import sha256

import pytest
from fakes.servers import require
from hypothesis import given
from hypothesis import strategies as st

from probes.address_figures import address_hash
from probes.certificate_names import CertificateNames, certificate_names
from probes.dns_message import TYPES, Record, soa_serial
from probes.http_figures import unix_seconds


@pytest.mark.parametrize(
    ("address", "number"),
    [("127.0.0.1", 3668918509), ("fe80::1%eth0", address_hash("fe80::1"))],
)
def test_the_hash_of_an_address_is_fnv_of_its_octets(address, number):
    assert address_hash(address) == number


def made(folder, subject, extension=""):
    """A certificate of its own hand, made by openssl."""
    der = folder / "certificate.der"
    command = [
        require("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-keyout",
        str(folder / "key.pem"),
        "-out",
        str(der),
        "-outform",
        "DER",
        "-subj",
        subject,
        "-utf8",
    ]
    subprocess.run(
        [*command, *(["-addext", extension] if extension else [])], check=True, capture_output=True
    )
    return der.read_bytes()


def test_names_are_written_as_the_peer_writes_them(tmp_path):
    der = made(
        tmp_path,
        "/C=GB/O=A, B and Söhne/OU=one/OU=two/CN=www.example.org",
        "subjectAltName=DNS:www.example.org,IP:192.0.2.1,DNS:example.org",
    )
    name = "CN=www.example.org,OU=one+OU=two,O=A\\, B and Söhne,C=GB"
    digest = sha256(der).hexdigest()
    assert certificate_names(der) == CertificateNames(digest, name, name, "www.example.org,example.org")


def test_what_would_begin_another_kind_of_value_is_escaped(tmp_path):
    names = certificate_names(made(tmp_path, "/O=#one/CN=a;b"))
    assert names is not None
    assert (names.subject, names.alternatives) == ("CN=a\\;b,O=\\#one", "")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading_of_names(data):
    certificate_names(data)


@pytest.mark.parametrize(
    ("data", "serial"),
    [(b"\0\0" + bytes(3) + b"\x4d" + bytes(16), 77), (bytes(19), None)],
    ids=["whole", "short"],
)
def test_a_zones_serial_number_is_read(data, serial):
    assert soa_serial(Record((), TYPES["SOA"], 60, data)) == serial


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Tue, 15 Nov 1994 12:45:26 GMT", 784903526.0),
        ("", None),
        ("yesterday", None),
        ("1 Jan 99999999 0:0:0", None),
    ],
)
def test_the_date_of_a_page_is_read(date, seconds):
    assert unix_seconds(date) == seconds
