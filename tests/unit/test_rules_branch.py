"""Objects that a vendor has below the number of each model or family are found there, and nowhere else."""

from collectors.rules.branch import placed_os, placed_table, roots_for
from collectors.rules.model import Extract, OsRule, TableRule

OBJECT_ID = (1, 3, 6, 1, 4, 1, 99999, 7, 24, 104)
FAMILY = (1, 3, 6, 1, 4, 1, 99999, 7, 24)
ROOTS = roots_for(OBJECT_ID, FAMILY)


def table(**fields):
    return TableRule(mib="PUMP-MIB", provenance="MIB", **{"columns": {"heat": 3}, **fields})


def os_rule(*extracts):
    return OsRule(name="pump-os", title="Pump OS", provenance="MIB", version=extracts)


def test_a_table_below_the_model_begins_at_sysobjectid():
    placed = placed_table(table(below="object_id", entry="10.11.1"), ROOTS)
    assert placed is not None
    assert (placed.entry, placed.columns) == ("1.3.6.1.4.1.99999.7.24.104.10.11.1", {"heat": 3})


def test_a_table_below_the_family_begins_where_its_system_was_recognised():
    placed = placed_table(table(below="os", columns={"busy": "1.39.2.1"}), ROOTS)
    assert placed is not None
    assert (placed.entry, placed.columns) == ("", {"busy": "1.3.6.1.4.1.99999.7.24.1.39.2.1"})


def test_a_table_with_whole_identifiers_stays_as_it_is():
    whole = table(entry="1.3.6.1.4.1.99999.7.1")
    assert placed_table(whole, ROOTS) is whole


def test_a_device_without_the_branch_does_not_have_the_table():
    assert placed_table(table(below="os", entry="1"), roots_for(OBJECT_ID, ())) is None
    assert placed_table(table(below="object_id", entry="1"), roots_for(None, ())) is None


def test_a_text_is_read_below_the_branch_and_left_out_where_there_is_none():
    rule = os_rule(Extract(oid="1.4.0", below="object_id"), Extract(pattern="v(.*)"))
    assert [e.oid for e in placed_os(rule, ROOTS).version] == ["1.3.6.1.4.1.99999.7.24.104.1.4.0", ""]
    assert [e.oid for e in placed_os(rule, roots_for(None, ())).version] == [""]
