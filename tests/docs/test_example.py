"""The example is complete, explains each key with the schema's own words, and is right."""

import re
from pathlib import Path

import pytest

from netmon.config import Options, assignments, load
from netmon.config.alerting import NOTIFY_TYPES
from netmon.config.schema import LISTS, NAMED, TABLES, UNSUPPORTED
from netmon.config.site import WanSection
from netmon.config.web import TlsSection
from netmon.config.wording import fields_of

EXAMPLE = Path(__file__).parents[2] / "netmon.example.toml"
CREDENTIALS = (
    *("snmp_auth", "snmp_privacy", "snmp_community", "metrics_token", "alerts_token", "desk_secret"),
    *("mail_password", "govuk_notify", "chat_url"),
)
HEADING = re.compile(r"#?\[+([a-z_.]+?)(?:\.[a-zA-Z-]+)?\]+")
LINE = re.compile(r"#{0,2}([a-z_]+) = ")
MODELS = [
    *((section, model) for section, model in {**LISTS, **TABLES}.items()),
    ("credential", NAMED["credential"]),
    *(("notify", model) for model in dict.fromkeys(NOTIFY_TYPES.values())),
    ("circuit", WanSection),
    ("web", TlsSection),
]
KEYS = [(section, key, field) for section, model in MODELS for key, field in fields_of(model).items()]


@pytest.fixture
def environ(tmp_path):
    for name in CREDENTIALS:
        (tmp_path / name).write_text(f"{name}-of-the-test")
        (tmp_path / name).chmod(0o600)
    return {"CREDENTIALS_DIRECTORY": str(tmp_path), "INFLUX_TOKEN": "token-of-the-test"}


def section_of(heading):
    name = heading if heading in TABLES else heading.partition(".")[0]
    return name if name in {*TABLES, *LISTS, *NAMED} else heading


def lines_of(section):
    """Yield the lines of all tables of a section, commented out or not."""
    current = "format"
    for line in EXAMPLE.read_text().splitlines():
        match = re.fullmatch(r"#?\[+([a-zA-Z_.-]+)\]+", line)
        if match:
            current = section_of(match[1])
        elif current == section:
            yield line


def uncommented(text):
    return re.sub(r"^#(?=[a-z\[])", "", text, flags=re.MULTILINE)


def write(folder, text):
    path = folder / "netmon.toml"
    path.write_text(text)
    return path


def test_the_example_is_right_as_it_stands(environ):
    loaded = load(EXAMPLE, environ)
    assert loaded.warnings == ()
    assert {one.job for one in assignments(loaded.configuration)} >= {
        "host",
        "device/router",
        "probe/anchors",
    }


def test_the_example_is_right_with_every_key_in_use(tmp_path):
    path = write(tmp_path, uncommented(EXAMPLE.read_text()))
    configuration = load(path, {}, Options(secrets=False, unsupported=True)).configuration
    assert configuration.evidence.roots_to == ("fault-desk",)
    assert len(configuration.rules) == 6
    assert {type(channel) for channel in configuration.notify.values()} == set(NOTIFY_TYPES.values())


def test_the_sections_of_later_versions_are_the_ones_that_are_commented_out():
    headings = re.findall(r"^#\[+([a-z_.]+)", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert {section_of(heading.rstrip(".")) for heading in headings} == UNSUPPORTED


@pytest.mark.parametrize("section", ["output.influxdb", "output.remote_write"])
def test_the_other_way_of_logging_in_is_right_too(tmp_path, section):
    lines = list(lines_of(section))
    url = next(line for line in lines if line.lstrip("#").startswith("url"))
    other = [line.removeprefix("##") for line in lines if line.startswith("##")]
    text = "\n".join(['[site]\nid = "s"', f"[{section}]", url.lstrip("#"), *other])
    assert load(write(tmp_path, text), {}, Options(secrets=False, unsupported=True))


@pytest.mark.parametrize(
    ("section", "key", "field"), KEYS, ids=[f"{section}.{key}" for section, key, _ in KEYS]
)
def test_every_key_is_shown_with_its_explanation(section, key, field):
    lines = list(lines_of(section))
    if (section, key) in {
        ("circuit", "device"),
        ("circuit", "interface"),
        ("web", "certificate"),
        ("web", "key"),
    }:
        assert any(re.search(rf"\b{key} = ", line) for line in lines)  # stands in an inline table
        return
    shown = [line for line in lines if (match := LINE.match(line)) and match[1] == key]
    assert any(line.endswith(f"  # {field.description}") for line in shown), (field.description, shown)


def test_keys_that_may_be_left_out_show_their_default(tmp_path):
    path = write(tmp_path, uncommented(EXAMPLE.read_text()))
    configuration = load(path, {}, Options(secrets=False, unsupported=True)).configuration
    optional = {
        match[1] for line in EXAMPLE.read_text().splitlines() if (match := re.match(r"#([a-z_]+) = ", line))
    }
    sections = {
        "store": configuration.store,
        "output.influxdb": configuration.influxdb,
        "output.remote_write": configuration.remote_write,
        "output.file": configuration.file,
        "web": configuration.web,
        "circuit": configuration.circuits[0],
        "device": configuration.devices[0],
        "probe": configuration.probes[1],
        "credential": configuration.credentials["core"],
    }
    compared = 0
    for name, section in sections.items():
        shown = {match[1] for line in lines_of(name) if (match := re.match(r"#([a-z_]+) = ", line))}
        for attribute, field in type(section).model_fields.items():
            if (field.alias or attribute) in shown & optional and field.default:
                assert getattr(section, attribute) == field.default, (name, attribute)
                compared += 1
    assert compared >= 12
