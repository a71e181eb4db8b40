"""What was issued stays; later data make a revision that names its differences."""

from netmon.evidence.revision import Difference, Issue, differences, revised

FIRST = {"minutes": {"up": 100, "down": 5}, "outages": [[1, 2], [7, 9]], "credit": None, "kept": True}


def test_the_first_issue_differs_from_nothing():
    assert revised(None, FIRST) == Issue(1, FIRST)


def test_the_same_figures_are_the_same_issue():
    issued = revised(None, FIRST)
    assert revised(issued, {**FIRST}) is issued


def test_late_data_make_revision_2_with_its_differences():
    later = {"minutes": {"up": 98, "down": 7}, "outages": [[1, 2], [7, 11]], "credit": 475, "kept": True}
    found = revised(revised(None, FIRST), later)
    assert found.revision == 2
    assert found.differences == (
        Difference("credit", None, 475),
        Difference("minutes.down", 5, 7),
        Difference("minutes.up", 100, 98),
        Difference("outages[1][1]", 9, 11),
    )
    assert revised(found, FIRST).revision == 3, "what comes back is a change as well"


def test_a_list_that_grew_differs_as_a_whole_and_kinds_are_kept_apart():
    assert list(differences([1], [1, 2], "outages")) == [Difference("outages", [1], [1, 2])]
    assert list(differences({"a": 1}, {"a": True})) == [Difference("a", 1, True)]
    assert list(differences("ab", "ab")) == []
