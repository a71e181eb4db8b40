"""Text from the network is made harmless once."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.text import MAX_CHARACTERS, clean


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        pytest.param(b"GigabitEthernet0/1", "GigabitEthernet0/1", id="plain"),
        pytest.param(b"caf\xc3\xa9", "café", id="utf-8"),
        pytest.param(b"caf\xe9", "café", id="latin-1"),
        pytest.param(b"name\0\0\0", "name", id="padding"),
        pytest.param(b"a\0b", "a\ufffdb", id="a NUL inside"),
        pytest.param("two\nlines", "two lines", id="newline"),
        pytest.param("\x1b[31mred", "\ufffd[31mred", id="terminal escape"),
        pytest.param("\u202eevil", "\ufffdevil", id="right-to-left override"),
        pytest.param("  padded ", "padded", id="white space"),
        pytest.param("x" * 70_000, "x" * MAX_CHARACTERS, id="64 kB"),
        pytest.param("\ud800", "\ufffd", id="a lone surrogate"),
    ],
)
def test_cleaning(raw, want):
    assert clean(raw) == want


@given(st.one_of(st.binary(max_size=400), st.text(max_size=400)))
def test_cleaned_text_is_short_printable_and_stays_as_it_is(raw):
    text = clean(raw)
    assert len(text) <= MAX_CHARACTERS
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
    assert clean(text) == text
    text.encode()
