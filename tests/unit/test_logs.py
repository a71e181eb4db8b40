"""A log record is one line, whatever it tells of."""

import io
import logging

import pytest
from fakes.hostile import ATTACKS
from hypothesis import example, given
from hypothesis import strategies as st

from netmon.cli.logs import Journal, OneLine

FORMS = [
    pytest.param(OneLine("%(levelname)s %(name)s: %(message)s"), "WARNING web: ", id="terminal"),
    pytest.param(Journal("%(name)s: %(message)s"), "<4>web: ", id="journal"),
]


def logged(form, message, *values):
    file = io.StringIO()
    handler = logging.StreamHandler(file)
    handler.setFormatter(form)
    handler.handle(logging.LogRecord("web", logging.WARNING, "", 0, message, values, None))
    return file.getvalue()


@pytest.mark.parametrize(("form", "start"), FORMS)
@given(text=st.text(max_size=60))
@example(text="\n<0>kernel: forged")
@example(text="\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e")
@example(text="\x1b]0;owned\x07")
def test_no_text_makes_a_second_line_or_moves_the_cursor(form, start, text):
    line = logged(form, "%s: no answer", text)
    assert line.startswith(start)
    assert line.endswith(": no answer\n")
    assert line[:-1].isprintable()


@pytest.mark.parametrize(("form", "start"), FORMS)
def test_what_a_device_says_is_one_line_too(form, start):
    for attack in ATTACKS:
        lines = logged(form, "device %s", attack.decode("utf-8", "surrogateescape")).splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(start)
