import re
from pathlib import Path

from netmon.model import Kind
from netmon.store.health import STORE_METRICS
from netmon.store.history import SqliteHistory


def test_every_counter_of_the_history_is_exposed():
    counters = {name for name in vars(SqliteHistory) if name.endswith("_total")}
    source = Path(__file__).parents[2] / "netmon" / "store"
    counters |= set(re.findall(r"self\.(\w+_total) = 0", (source / "history.py").read_text("utf-8")))
    exposed = set(re.findall(r"history\.(\w+_total)", (source / "health.py").read_text("utf-8")))
    assert counters - exposed == set()
    assert len([metric for metric in STORE_METRICS if metric.kind is Kind.COUNTER]) == len(counters) + 1
