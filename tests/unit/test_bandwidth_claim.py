"""Which figures can be claimed from a supplier."""

import pytest

from probes.bandwidth.claim import Figure, claim

OURS = Figure("speed.example.net", "192.0.2.10", 90e6)
NEAR = Figure("other.example.org", "192.0.2.77", 90e6)
FAR = Figure("other.example.org", "198.51.100.1", 90e6)
SIX = Figure("six.example.org", "2001:db8:1::1", 87e6)

CASES = {
    "the contract names it": (OURS, ("speed.example.net",), (), True),
    "the contract names another": (OURS, ("else.example.net",), (), False),
    "another in another network agrees": (OURS, (), (FAR,), True),
    "one of two agrees": (OURS, (), (NEAR, SIX), True),
    "another in the same network is no witness": (OURS, (), (NEAR,), False),
    "another name for the same address is none": (OURS, (), (Figure("b", "192.0.2.10", 90e6),), False),
    "another finds something else": (OURS, (), (Figure("b", "198.51.100.1", 84e6),), False),
    "nobody else": (OURS, (), (), False),
    "not named, and another agrees": (OURS, ("else.example.net",), (FAR,), True),
}


@pytest.mark.parametrize(("figure", "named", "others", "claimable"), CASES.values(), ids=CASES)
def test_a_figure_is_claimable_where_the_contract_says_or_two_agree(figure, named, others, claimable):
    found = claim(figure, named, others)
    assert found.claimable is claimable
    assert found.reason


@pytest.mark.parametrize("first", [OURS, FAR, SIX])
@pytest.mark.parametrize("second", [OURS, FAR, SIX])
def test_agreeing_is_mutual(first, second):
    assert claim(first, (), (second,)).claimable is claim(second, (), (first,)).claimable
