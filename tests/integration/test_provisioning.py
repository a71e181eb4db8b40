"""What `netmon dashboards` writes is what Prometheus, Alertmanager and Grafana's importer take."""

import json
import re
import subprocess

import pytest
from fakes.dashboards import FILES, FOLDER
from fakes.servers import require

from netmon.cli.main import main

PROMETHEUS = FOLDER / "prometheus"
SHARED = ("NetmonSite\n", "NetmonAnswers\n")
TOLD_BY_APPLIANCES = {"NetmonSite", "NetmonCircuit", "NetmonSupplier", "NetmonHeartbeat"}


def provision(folder, *words):
    return main(["dashboards", "provision", str(folder), *words])


def checked(*command, cwd=None):
    done = subprocess.run(
        [require(command[0]), *map(str, command[1:])], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_export_writes_every_dashboard(tmp_path, capsys):
    assert main(["dashboards", "export", str(tmp_path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["written"]) == len(FILES)
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in FILES)


def test_export_leaves_out_the_language_that_nobody_asked_for(tmp_path):
    main(["dashboards", "export", str(tmp_path), "--influxdb", "http://127.0.0.1:8086"])
    assert {path.stem.rpartition("-")[2] for path in tmp_path.iterdir()} == {"influxdb"}


def test_provision_without_a_server_says_what_it_needs(tmp_path, capsys):
    assert provision(tmp_path) == 2
    assert "--prometheus" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_appliance_without_an_address_is_refused(tmp_path, capsys):
    assert provision(tmp_path, "--prometheus", "http://p:9090", "--site", "library") == 2
    assert "ID=HOST:PORT" in capsys.readouterr().err


def test_a_name_cannot_break_out_of_its_place(tmp_path):
    assert provision(tmp_path, "--prometheus", 'http://p"\n  - x: 1', "--site", 'a", "b=h:1') == 0
    text = (tmp_path / "prometheus/netmon-sites.yml").read_text("utf-8")
    assert json.loads(text.removeprefix("- ")) == {"targets": ["h:1"], "labels": {"site": 'a", "b'}}


def test_an_appliances_supplier_becomes_part_of_its_alert(tmp_path):
    words = ["--site", "lib=lib.example.net:9877,Acme & Sons", "--site", "depot=10.1.2.3:9877"]
    assert provision(tmp_path, "--prometheus", "http://p:9090", *words) == 0
    lines = (tmp_path / "prometheus/netmon-sites.yml").read_text("utf-8").splitlines()
    labels = [json.loads(line.removeprefix("- "))["labels"] for line in lines]
    assert labels == [{"site": "lib", "supplier": "Acme & Sons"}, {"site": "depot"}]


@pytest.mark.servers
def test_prometheus_and_alertmanager_take_what_is_written(tmp_path):
    sites = ["--site", "library-1=library-1.example.net:9877,Acme", "--site", "depot-7=10.1.2.3:9877"]
    assert provision(tmp_path, "--prometheus", "http://p:9090", "--influxdb", "http://i:8086", *sites) == 0
    checked("promtool", "check", "config", "prometheus.yml", cwd=tmp_path / "prometheus")
    checked("promtool", "test", "rules", "netmon.rules.test.yml", cwd=tmp_path / "prometheus")
    checked("amtool", "check-config", tmp_path / "alertmanager/alertmanager.yml")
    folder = re.search(r"path: (\S+)", (tmp_path / "grafana/provisioning/dashboards/netmon.yml").read_text())[
        1
    ]
    assert folder == str(tmp_path / "grafana/dashboards")


@pytest.mark.servers
def test_the_rules_are_clean_and_each_has_a_test():
    assert "SUCCESS" in checked("promtool", "check", "rules", "--lint-fatal", PROMETHEUS / "netmon.rules.yml")
    checked("promtool", "test", "rules", PROMETHEUS / "netmon.rules.test.yml")
    rules = re.findall(r"- alert: (\w+)", (PROMETHEUS / "netmon.rules.yml").read_text())
    tests = (PROMETHEUS / "netmon.rules.test.yml").read_text()
    fires = set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:\s*(?:\[\{|\n)", tests))
    assert set(rules) == fires


def test_what_appliances_tell_too_has_no_label_that_could_change():
    rules = (PROMETHEUS / "netmon.rules.yml").read_text("utf-8")
    shared = [text for text in rules.split("- alert: ")[1:] if text.startswith(SHARED)]
    assert len(shared) == len(SHARED)
    assert [text for text in shared if "labels: {" in text] == []
    assert "fault:" not in rules
    routes = (PROMETHEUS / "alertmanager.example.yml").read_text("utf-8")
    named = set(re.findall(r"Netmon[A-Z]\w+", rules + routes))
    told = set(re.findall(r"alert: (\w+)", rules)) | TOLD_BY_APPLIANCES
    assert named <= told


@pytest.mark.servers
def test_the_examples_are_clean():
    checked("promtool", "check", "config", PROMETHEUS / "prometheus.example.yml")
    checked("amtool", "check-config", PROMETHEUS / "alertmanager.example.yml")


@pytest.mark.servers
def test_a_rule_that_is_broken_on_purpose_fails_its_test(tmp_path):
    for name in ("netmon.rules.yml", "netmon.rules.test.yml"):
        text = (PROMETHEUS / name).read_text("utf-8")
        (tmp_path / name).write_text(
            text.replace("netmon_sink_lag_seconds) > 3600", "netmon_sink_lag) > 3600")
        )
    command = [require("promtool"), "test", "rules", "netmon.rules.test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "NetmonSinkLagging" in done.stdout + done.stderr
