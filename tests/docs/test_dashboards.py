"""The dashboards are well-formed, say what they show, and ask only for what netmon declares."""

import itertools
import re
import subprocess
import sys
import tomllib

import pytest
from fakes.dashboards import FILES, FOLDER, language, load, queries
from fakes.declared import declared

from netmon.delivery.line import EVENT_MEASUREMENT
from netmon.delivery.remote_write_lines import EVENT_METRIC
from netmon.incidents.incident import ACCESS, Level, Thing
from netmon.incidents.scope import ANSWERS
from netmon.metrics.own import OwnMetrics
from netmon.model import Kind
from netmon.model.derived import FAULT_NUMBERS

# Labels of rows: a source chooses them when it runs, so that no declaration has them.
PROBE = {"site", "probe", "target", "circuit"}
ROWS = {
    "run": {"site", "source", "name", "target"},
    "interface": {"site", "device", "ifName", "circuit", "ifIndex", "ifDescr", "ifAlias"},
    "system": {"site", "device"},
    "host": {"site"},
    "host_sensor": {"site", "sensor"},
    "host_interface": {"site", "interface"},
    "circuit_minute": {"site", "circuit"},
    "site_minute": {"site"},
    "incident": {"site", "thing"},
    "outside_minute": {"site"},
    "snmp_engine": {"site"},
    "processor": {"site", "device", "processor"},
    "memory": {"site", "device", "memory"},
    "poe": {"site", "device", "group"},
    "device": {"site", "device", "vendor", "hardware", "version", "serial", "os"},
    "sensor_temperature": {"site", "device", "sensor"},
    "sensor_state": {"site", "device", "sensor"},
    **dict.fromkeys(("icmp", "tcp", "http", "dns", "path", "train_minute", "smokeping"), PROBE),
    "path_hop": PROBE | {"flow", "hop"},
    "bandwidth_test": PROBE | {"method", "layer", "direction"},
}
EVENT = {"site", "kind", "incident", "device", "circuit", "probe", "target"}
NO_TAGS = {"ifIndex", "ifDescr", "ifAlias"}
OWN_ROWS = {
    "netmon_sink_": {"sink", "state"},
    "netmon_notify_": {"channel"},
    "netmon_build_info": {"version", "pythonversion"},
    "netmon_subscriber_failures_total": {"subscriber"},
}
SCRAPED = {"job", "instance"}

PROMQL_WORDS = {
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "offset",
    "and",
    "or",
    "unless",
}
STRING = r'"(?:[^"\\]|\\.)*"'
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(rf"\{{((?:[^}}\"]|{STRING})*)\}}")
TIMESERIES_LIKE = {"timeseries", "state-timeline"}
NAMES = {"estate", "site", "circuit", "device", "probes", "netmon"}


def labels_by_metric():
    """Return the labels of each metric, by measurement; netmon's own metrics have the measurement ''."""
    process = re.findall(r"^(process_\w+) ", OwnMetrics().render().decode(), re.MULTILINE)
    found = {"": {name: set() for name in process}, EVENT_MEASUREMENT: {"text": EVENT, EVENT_METRIC: EVENT}}
    for measurement, metrics in declared().items():
        if measurement in ROWS or not measurement:
            rows = found.setdefault(measurement, {})
            for metric in metrics:
                known = rows.setdefault(metric.name, _of_rows(measurement, metric))
                known |= _of_declaration(metric)
    return found


def _of_rows(measurement, metric):
    if measurement:
        return set(ROWS[measurement])
    return set().union(*(labels for start, labels in OWN_ROWS.items() if metric.name.startswith(start)))


def _of_declaration(metric):
    return {name for name, _ in metric.labels} | ({metric.text_label} if metric.kind is Kind.INFO else set())


DECLARED = labels_by_metric()


def strange_names(query):
    """Return every metric, measurement, field and label of a query that nothing declares."""
    ask = _strange_promql if query.language == "prometheus" else _strange_influxql
    return sorted(ask(query.text, re.findall(r"\{\{(\w+)\}\}|\$tag_(\w+)", query.legend)))


def _strange_promql(text, legend):
    variable = re.fullmatch(r"label_values\((.*), (\w+)\)", text)
    asked = {variable[2]} if variable else {name for pair in legend for name in pair if name}
    text = variable[1] if variable else text
    known = {name: labels | SCRAPED for metrics in DECLARED.values() for name, labels in metrics.items()}
    asked |= {one.strip() for group in GROUPING.findall(text) for one in group.split(",") if one.strip()}
    strange, every = set(), set()
    text = re.sub(r"\$\w+", "1", re.sub(r"\[\$?\w+(:\w+)?\]", "", text))
    bare = re.sub(rf"{STRING}|\[[^\]]*\]", "", GROUPING.sub("", SELECTOR.sub("", text)))
    for name in set(re.findall(r"(?<![\w.])[a-zA-Z_]\w*(?!\w*\s*\()", bare)) - PROMQL_WORDS:
        every |= known.get(name, set())
        strange |= set() if name in known else {name}
    for name, selector in re.findall(rf"(\w+)\{{((?:[^}}\"]|{STRING})*)\}}", text):
        labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(STRING, "", selector)))
        strange |= labels - known.get(name, labels)
    return strange | (asked - every)


def _strange_influxql(text, legend):
    measurements = set(
        itertools.chain(*(_quoted(one) for one in re.findall(r"FROM ((?:\"\w+\",? ?)+)", text)))
    )
    strange = measurements - DECLARED.keys()
    fields = [DECLARED[one] for one in measurements - strange]
    aliases = set(re.findall(r'AS "([^"]+)"', text))
    tags = set().union(*(labels for one in fields for labels in one.values())) - NO_TAGS
    asked = set(re.findall(r'"(\w+)"', text)) - measurements - aliases
    asked |= set(re.findall(r"KEY = \"(\w+)\"", text))
    everywhere = {name for name in set().union(*fields) if all(name in one for one in fields)}
    return strange | (asked - everywhere - tags) | ({name for pair in legend for name in pair if name} - tags)


def _quoted(text):
    return re.findall(r'"(\w+)"', text)


def mistakes(dashboard):
    """Return everything about a dashboard that breaks a rule."""
    return [
        *_head_mistakes(dashboard),
        *(mistake for panel in dashboard["panels"] for mistake in _panel_mistakes(panel, dashboard)),
        *_overlaps(dashboard["panels"]),
        *(
            f"{query}: {name} is declared by nothing"
            for query in queries(dashboard)
            for name in strange_names(query)
        ),
    ]


def _head_mistakes(dashboard):
    rules = {
        "uid": re.fullmatch(r"netmon-[a-z-]{1,33}", dashboard["uid"]),
        "tags": "netmon" in dashboard["tags"],
        "schemaVersion": dashboard["schemaVersion"] == 38,
        "timezone": dashboard["timezone"] == "browser",
        "refresh": dashboard["refresh"],
        "links": dashboard["links"],
        "description": dashboard["description"],
    }
    yield from (f"{rule} is wrong" for rule, holds in rules.items() if not holds)
    source = {"type": language(dashboard), "uid": "${datasource}"}
    asking = [one for one in dashboard["templating"]["list"] if one["type"] != "datasource"]
    for one in (*asking, *dashboard["annotations"]["list"]):
        if one["datasource"] != source:
            yield f"{one['name']} has a data source of its own"
    if asking[0]["name"] != "site":
        yield "the first variable is not the site"
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) < len(ids):
        yield "two panels have the same id"


def _panel_mistakes(panel, dashboard):
    title, place = panel["title"], panel["gridPos"]
    if place["x"] < 0 or place["x"] + place["w"] > 24 or min(place["w"], place["h"]) < 1:
        yield f"{title} is outside the grid"
    if panel["type"] == "row":
        return
    source = {"type": language(dashboard), "uid": "${datasource}"}
    defaults = panel["fieldConfig"]["defaults"]
    rules = {
        "unit": defaults.get("unit"),
        "description": len(panel.get("description", "")) > 20,
        "words for an empty panel": defaults.get("noValue"),
        "query": panel["targets"],
        "data source by variable": all(one["datasource"] == source for one in (panel, *panel["targets"])),
        "min interval": re.fullmatch(r"\d+[smh]", panel.get("interval", "")),
        "legend": panel["type"] == "table" or all(_legend(target) for target in panel["targets"]),
        "shown legend": panel["type"] not in TIMESERIES_LIKE or panel["options"]["legend"]["showLegend"],
        "words beside colours": _has_words(panel),
        "one letter per query": len({one["refId"] for one in panel["targets"]}) == len(panel["targets"]),
    }
    yield from (f"{title} has no {rule}" for rule, holds in rules.items() if not holds)


def _legend(target):
    return target.get("legendFormat") or target.get("alias")


def _has_words(panel):
    """Colours are told in words too: as names of values, or in the description."""
    columns = [
        {one["id"]: one["value"] for one in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    ]
    shown = [panel["fieldConfig"]["defaults"], *(one for one in columns if "thresholds" in one)]
    return all(_told(one, panel["description"].lower()) for one in shown)


def _told(look, description):
    colours = {step["color"] for step in look["thresholds"]["steps"]}
    return len(colours) == 1 or look["mappings"] or all(colour in description for colour in colours)


def _overlaps(panels):
    for one, other in itertools.combinations(panels, 2):
        a, b = one["gridPos"], other["gridPos"]
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        if not (beside or above):
            yield f"{one['title']} lies on {other['title']}"


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def dashboard(request):
    return load(request.param)


def test_there_is_a_dashboard_for_each_query_language():
    assert {(load(path)["uid"], language(load(path))) for path in FILES} == {
        (f"netmon-{name}-{kind}", kind) for name in NAMES for kind in ("prometheus", "influxdb")
    }


def test_no_two_dashboards_share_a_uid_or_title():
    assert (
        len({load(path)["uid"] for path in FILES})
        == len({load(path)["title"] for path in FILES})
        == len(FILES)
    )


def test_the_json_is_what_the_descriptions_say():
    done = subprocess.run(
        [sys.executable, FOLDER / "build.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_folder_is_no_package():
    assert not (FOLDER / "__init__.py").exists()


def test_a_dashboard_breaks_no_rule(dashboard):
    assert mistakes(dashboard) == []


def test_every_panel_of_the_influxdb_dashboard_is_in_the_prometheus_one():
    for name in NAMES:
        influxdb, prometheus = (
            {panel["title"] for panel in load(FOLDER / "json" / f"netmon-{name}-{kind}.json")["panels"]}
            for kind in ("influxdb", "prometheus")
        )
        assert influxdb <= prometheus, name


def test_no_rate_is_taken_between_ends_of_intervals():
    """The newest interval is not over yet: its last reading is near that of the one before."""
    assert [path.stem for path in FILES if "derivative(last(" in path.read_text("utf-8")] == []


def test_faults_are_numbered_as_the_appliance_numbers_them():
    words = tomllib.loads((FOLDER / "looks.toml").read_text("utf-8"))["look"]["fault"]["words"]
    assert {number: text for number, (text, _) in words.items()} == {
        str(number): str(fault) for fault, number in FAULT_NUMBERS.items()
    }


def test_no_rule_names_what_nothing_declares():
    text = (FOLDER / "prometheus" / "netmon.rules.yml").read_text("utf-8")
    rules = re.findall(r"expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)", text)
    assert len(rules) == text.count("- alert:")
    # by the list of appliances, by label_replace, and by Prometheus itself
    given = {"site", "supplier", "device", "ALERTS", "up"}
    assert [_strange_promql(block or line, []) - given for block, line in rules] == [set()] * len(rules)


def test_the_centres_rules_name_sites_and_devices_as_appliances_do():
    text = (FOLDER / "prometheus" / "netmon.rules.yml").read_text("utf-8")
    things = (Thing("lib", Level.SITE, "", ACCESS, "Acme"), Thing("lib", Level.DEVICE, "sw1", ANSWERS))
    for labels in (dict(thing.labels) for thing in things):
        rule = text.split(f"- alert: {labels.pop('alertname')}\n")[1].split("- alert:")[0]
        assert "labels: {" not in rule, "severity and cause change: they are no identity"
        assert set(re.findall(r"by \(([^)]*, [^)]*)\)", rule)) == {", ".join(labels)}


SITE_FILES = sorted((FOLDER / "json").glob("netmon-site-*.json"))


def _panel_of(dashboard, title="Traffic on WAN ports"):
    return next(panel for panel in dashboard["panels"] if panel["title"] == title)


def _misspell(panel):
    key = "expr" if "expr" in panel["targets"][0] else "query"
    panel["targets"][0][key] = panel["targets"][0][key].replace("ifHCInOctets", "ifHCInOctet")


def _mislabel(panel):
    key = "expr" if "expr" in panel["targets"][0] else "query"
    panel["targets"][0][key] = panel["targets"][0][key].replace("circuit", "line")


def _label_in_legend_only(panel):
    key = "legendFormat" if "legendFormat" in panel["targets"][0] else "alias"
    panel["targets"][0][key] = panel["targets"][0][key].replace("circuit", "circit")


BREAKS = {
    "a misspelt metric": (_misspell, "ifHCInOctet is declared by nothing"),
    "a label that is not there": (_mislabel, "line is declared by nothing"),
    "a legend that stays empty": (_label_in_legend_only, "circit is declared by nothing"),
    "a hard-wired data source": (
        lambda panel: panel["datasource"].update(uid="P1"),
        "data source by variable",
    ),
    "no unit": (lambda panel: panel["fieldConfig"]["defaults"].pop("unit"), "has no unit"),
    "no description": (lambda panel: panel.update(description=""), "has no description"),
    "an id that is taken": (lambda panel: panel.update(id=1), "same id"),
    "a place that is taken": (lambda panel: panel["gridPos"].update(y=0), "lies on"),
}


@pytest.mark.parametrize("path", SITE_FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("broken", BREAKS)
def test_a_panel_that_is_broken_on_purpose_is_caught(path, broken):
    spoil, complaint = BREAKS[broken]
    spoilt = load(path)
    spoil(_panel_of(spoilt))
    assert any(complaint in mistake for mistake in mistakes(spoilt))
