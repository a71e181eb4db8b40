"""JSON and its schema from the same types."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import pytest

from netmon.model import Fault
from netmon.web.document_json import encode, plain, schema_of


@dataclass(frozen=True)
class Small:
    """A document."""

    name: str
    much: Annotated[float | None, "how much"]
    many: tuple[int, ...] = ()
    fault: Fault = Fault.NONE


def test_a_document_becomes_json():
    assert json.loads(encode(Small("x", 1.5, (1, 2)))) == {
        "name": "x",
        "much": 1.5,
        "many": [1, 2],
        "fault": "none",
    }


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_have_is_not_known(number):
    assert plain({"x": number}) == {"x": None}


def test_counters_keep_all_64_bits():
    assert encode({"x": 2**64 - 1}) == b'{"x":18446744073709551615}'


def test_times_are_rfc3339_in_utc():
    assert plain(datetime(2025, 6, 1, tzinfo=UTC)) == "2025-06-01T00:00:00.000Z"


def test_a_hostile_string_is_text():
    assert json.loads(encode({"x": '</script>"\u202e'})) == {"x": '</script>"\u202e'}


def test_a_schema_says_what_a_type_says():
    known = {}
    assert schema_of(Small, known) == {"$ref": "#/components/schemas/Small"}
    small = known["Small"]
    assert small["required"] == ["name", "much", "many", "fault"]
    assert small["properties"]["much"] == {
        "anyOf": [{"type": "number"}, {"type": "null"}],
        "description": "how much",
    }
    assert "lan" in small["properties"]["fault"]["enum"]


def test_a_type_that_json_cannot_show_is_a_defect():
    with pytest.raises(TypeError, match="may not have"):
        schema_of(complex, {})
