from pathlib import Path

import pytest
from fakes.catalogue import fake_catalogue

from netmon.config import Options, load
from netmon.config.document import Entry
from netmon.config.references import check_references
from netmon.errors import ConfigError

TEN = Path(__file__).parents[1] / "fixtures/config/ten-mistakes.toml"
SITE = '[site]\nid = "s"\n'


def mistakes_of(path):
    with pytest.raises(ConfigError) as caught:
        load(path, {"SECRET": "long-enough-secret"}, Options(catalogue=fake_catalogue()))
    return caught.value.mistakes


@pytest.fixture
def write(tmp_path):
    def write(text, name="netmon.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_ten_mistakes_are_reported_together_with_place_and_remedy():
    found = [(mistake.path, mistake.problem, mistake.hint) for mistake in mistakes_of(TEN)]
    assert {mistake.file for mistake in mistakes_of(TEN)} == {str(TEN)}
    references = '{ env = "NAME" }, { file = "/path" } or { credential = "NAME" }'
    assert found == [
        ("site.timezone", "'Europe/Lodnon' is not a time zone; did you mean \"Europe/London\"?", ""),
        ("site.servce_hours", "unknown key", 'did you mean "service_hours"?'),
        (
            'circuit["depot-3-wan1"].down',
            "'Mbps' is not a unit here; did you mean 'Mbit/s', such as '100Mbit/s'",
            "",
        ),
        ('circuit["depot-3-wan1"].wan.device', 'no device is called "ruoter"', 'did you mean "router"?'),
        ("credential.core.community", f"must be a reference, never the secret itself: {references}", ""),
        ('device["router"].address', "'192.0.2.1:99999': a port is a number from 1 to 65535", ""),
        (
            'device["router"].every',
            "'30' has no unit; use one of ms, s, m, min, h, d, w, such as '30s'",
            "",
        ),
        ('device["router"].credential', 'no credential is called "cor"', 'did you mean "core"?'),
        ('probe["web"].type', 'no probe is called "htttp"', 'did you mean "http"?'),
        ('probe["page"].settings.prot', "unknown key", 'did you mean "port"?'),
    ]


DEVICE = '[[device]]\nname = "d"\naddress = "192.0.2.1"\ncredential = "c"\n'
CREDENTIAL = '[credential.c]\nversion = "2c"\ncommunity = { env = "SECRET" }\n'
V3 = '[credential.c]\nversion = "3"\nuser = "u"\n'
V3_SECRETS = 'auth_secret = { env = "SECRET" }\nprivacy_secret = { env = "SECRET" }\n'
PROBE = '[[probe]]\ntype = "icmp"\ntargets = ["192.0.2.1"]\n'
CIRCUIT = '[[circuit]]\nid = "w"\n'
INFLUX = '[output.influxdb]\nurl = "https://i.example.org"\n'
RULE = '[[rule]]\nname = "r"\nmetric = "probe_success"\n'

ONE_MISTAKE = [
    # file, path, problem (begins with), hint (contains)
    ("", "site", "is missing", "add [site]"),
    ("site = 5", "site", "must be a table", "[site]"),
    ('[[site]]\nid = "s"', "site", "must be a table", "[site]"),
    ("[site]", "site.id", "is missing", "short name"),
    ("[site]\nid = 5", "site.id", "must be text in quotes", ""),
    ('[site]\nid = "a b"', "site.id", "'a b' is not a name", ""),
    (SITE + 'uprn = "12a"', "site.uprn", "is not a Unique Property Reference Number", ""),
    (SITE + "users = -1", "site.users", "input should be greater than or equal to 0", ""),
    (SITE + "users = 1.5", "site.users", "must be a whole number", ""),
    (SITE + 'timezone = "../../etc/passwd"', "site.timezone", "'../../etc/passwd' is not a time zone", ""),
    (SITE + 'service_hours = ["Mon 8-18"]', "site.service_hours", "'Mon 8-18' is not a stretch", ""),
    ("[sight]\n" + SITE, "sight", "unknown section", 'did you mean "site"?'),
    ("format = 2\n" + SITE, "format", "2 is newer than this netmon knows (1)", "upgrade"),
    ('format = "1"\n' + SITE, "format", "must be 1", ""),
    (SITE + "[device]\nname = 'd'", "device", "must be a list of tables", "[[device]]"),
    (SITE + "[[credential]]\nversion = '3'", "credential", "needs a name", "[credential.NAME]"),
    (SITE + "[credential]\nversion = '3'", "credential.version", "must be a table", "[credential.NAME]"),
    (SITE + "[output]\ninfluxdb = 1", "output.influxdb", "must be a table", "[output.influxdb]"),
    (SITE + "[output.influx]\nurl = ''", "output.influx", "unknown output", 'did you mean "influxdb"?'),
    (SITE + CIRCUIT + 'rate_layer = "L3"', 'circuit["w"].rate_layer', "must be one of 'L1', 'L2'", ""),
    (SITE + CIRCUIT + 'cap = "0B"', 'circuit["w"].cap', "input should be greater than 0", ""),
    (SITE + CIRCUIT + 'source = "a/b"', 'circuit["w"].source', "'a/b' is neither an address nor", ""),
    (
        SITE + CIRCUIT + 'egress = ["203.0.113.7/24"]',
        'circuit["w"].egress[1]',
        "'203.0.113.7/24' is not a network",
        "",
    ),
    (
        SITE + PROBE + 'outside_of = "d"\nrole = "anchor"',
        'probe["icmp"].role',
        "does not go with outside_of",
        "",
    ),
    (
        SITE + CIRCUIT + PROBE + 'outside_of = "d"\ncircuit = "w"',
        'probe["icmp"].circuit',
        "does not go with",
        "",
    ),
    (SITE + CIRCUIT + 'backup_of = "w"', 'circuit["w"].backup_of', "goes in a circle: w > w", ""),
    (SITE + CIRCUIT + 'backup_of = "v"', 'circuit["w"].backup_of', 'no circuit is called "v"', ""),
    (
        SITE + CIRCUIT + "wan = { devise = 'd', interface = 'x' }\n",
        'circuit["w"].wan.device',
        "is missing",
        "",
    ),
    (
        SITE + CIRCUIT + CIRCUIT,
        "circuit[2].id",
        '"w" is already the id of circuit[1] in ',
        "call one of them differently",
    ),
    (SITE + CREDENTIAL + DEVICE + 'every = "500ms"', 'device["d"].every', "must be 1s to 1d", ""),
    (SITE + CREDENTIAL + DEVICE + 'every = "2d"', 'device["d"].every', "must be 1s to 1d", ""),
    (SITE + CREDENTIAL + DEVICE + 'timeout = "30s"', 'device["d"].timeout', "30 s is not shorter than", ""),
    (SITE + CREDENTIAL + DEVICE + 'role = "swich"', 'device["d"].role', "must be one of", '"switch"'),
    (SITE + CREDENTIAL + DEVICE + 'parent = "d"', 'device["d"].parent', "goes in a circle: d > d", ""),
    (SITE + CREDENTIAL + DEVICE + 'parent = "e"', 'device["d"].parent', 'no device is called "e"', ""),
    (SITE + CREDENTIAL + DEVICE + "collect = []", 'device["d"].collect', "must not be empty", ""),
    (SITE + CREDENTIAL + DEVICE + 'collect = "system"', 'device["d"].collect', "must be a list", ""),
    (
        SITE + CREDENTIAL + DEVICE + 'collect = ["sytem"]',
        'device["d"].collect[1]',
        "no collector is",
        '"system"',
    ),
    (
        SITE + CREDENTIAL + DEVICE + 'collect = ["icmp"]',
        'device["d"].collect[1]',
        '"icmp" is a probe',
        "[[probe]]",
    ),
    (
        SITE + CREDENTIAL + DEVICE + "settings.system.row = 1",
        'device["d"].settings.system.row',
        "unknown key",
        '"rows"',
    ),
    (
        SITE + CREDENTIAL + DEVICE + "settings.objects.rows = 1",
        'device["d"].settings.objects',
        '"objects" is not in',
        "",
    ),
    (
        SITE + CREDENTIAL + DEVICE + 'other_source = "yes"',
        'device["d"].other_source',
        "must be true or false",
        "",
    ),
    (SITE + DEVICE, 'device["d"].credential', 'no credential is called "c"', "there are none"),
    (SITE + "[credential.c]\nversion = '2c'", "credential.c.community", "is missing", "env"),
    (SITE + CREDENTIAL + "user = 'u'", "credential.c.user", "means nothing with SNMP 2c", ""),
    (SITE + V3 + V3_SECRETS + "auth = 'MD5'", "credential.c.auth", '"MD5" is weak', "allow_weak"),
    (SITE + V3 + V3_SECRETS + "privacy = 'AES128'", "credential.c.privacy", "must be one of", '"AES-128"'),
    (SITE + V3 + 'auth_secret = { env = "SECRET" }', "credential.c.privacy_secret", "is missing", ""),
    (SITE + PROBE + PROBE.replace(".1", ".2"), "probe[2].name", '"icmp" is already the name of probe[1]', ""),
    (SITE + PROBE + 'circuit = "w"', 'probe["icmp"].circuit', 'no circuit is called "w"', ""),
    (SITE + PROBE + 'role = "gatway"', 'probe["icmp"].role', "must be one of", '"gateway"'),
    (SITE + PROBE + 'timeout = "10s"', 'probe["icmp"].timeout', "10 s is not shorter than every", ""),
    (SITE + PROBE + "settings.packets = 'x'", 'probe["icmp"].settings.packets', "must be a whole number", ""),
    (SITE + PROBE + "settings = 5", 'probe["icmp"].settings', "must be a table", ""),
    (SITE + PROBE.replace('"192.0.2.1"', '"a", "a"'), 'probe["icmp"].targets[2]', '"a" is listed twice', ""),
    (SITE + PROBE.replace("192.0.2.1", "a b"), 'probe["icmp"].targets[1]', "'a b' is not a target", ""),
    (
        SITE + PROBE.replace("192.0.2.1", "http://u:pw@h/"),
        'probe["icmp"].targets[1]',
        "must not hold a user",
        "",
    ),
    (SITE + PROBE.replace("icmp", "http"), 'probe["http"]', "192.0.2.1 is not a URL", ""),
    (SITE + PROBE.replace("icmp", "system"), 'probe["system"]', "system reads a device", ""),
    (
        SITE + PROBE + PROBE + 'name = "b"',
        'probe["b"].targets[1]',
        "192.0.2.1 by the same icmp probe already",
        "",
    ),
    (SITE + '[web]\nlisten = "9877"', "web.listen", "'9877' has no port", ""),
    (SITE + '[web]\nlisten = "www.example.org:1"', "web.listen", "'www.example.org:1': an address of", ""),
    (SITE + '[web]\ntechnician = "127.0.0.1:9877"', "web.technician", "is the same as listen", ""),
    (SITE + '[web]\ntls = { certificate = "/nowhere" }', "web.tls.key", "is missing", "private key"),
    (SITE + '[web]\ntokens = ["x"]', "web.tokens[1]", "must be a reference", ""),
    (SITE + '[store]\nkeep = "1m"', "store.keep", "must be 1h to 36500d", ""),
    (SITE + '[store]\nkeep_bytes = "1MB"', "store.keep_bytes", "input should be greater", ""),
    (SITE + '[store]\nevidence_keep = "7d"', "store.evidence_keep", "is shorter than keep", ""),
    (SITE + "[output.file]\nfolder = 'x'", "output.file.folder", "'x' must be an absolute path", ""),
    (
        SITE + "[output.remote_write]\nurl = 'https://a.example.org'\nexternal_labels = {__name__ = 'x'}",
        "output.remote_write.external_labels.__name__",
        "is not the name of a label",
        "",
    ),
    (SITE + INFLUX, "output.influxdb.database", "is missing: no database and no bucket", ""),
    (
        SITE + INFLUX + 'database = "a"\nbucket = "b"',
        "output.influxdb.database",
        "is given beside bucket",
        "",
    ),
    (SITE + INFLUX + 'version = "2"\nbucket = "b"', "output.influxdb.organization", "is missing", ""),
    (
        SITE + INFLUX + 'version = "1"\nbucket = "b"',
        "output.influxdb.bucket",
        "means nothing to version 1",
        "",
    ),
    (
        SITE + INFLUX + 'database = "a"\nusername = "u"',
        "output.influxdb.password",
        "is missing: user and",
        "",
    ),
    (
        SITE + INFLUX.replace("https", "ftp") + 'database = "a"',
        "output.influxdb.url",
        "must be a URL that",
        "",
    ),
    (
        SITE + INFLUX.replace("//", "//u:pw@") + 'database = "a"',
        "output.influxdb.url",
        "must not hold a user",
        "",
    ),
]


@pytest.mark.parametrize(
    ("text", "path", "problem", "hint"), ONE_MISTAKE, ids=[f"{row[1]} {row[2][:24]}" for row in ONE_MISTAKE]
)
def test_a_mistake_is_named_with_its_place(write, text, path, problem, hint):
    found = {mistake.path: mistake for mistake in mistakes_of(write(text))}
    assert path in found, list(map(str, found.values()))
    assert found[path].problem.startswith(problem)
    assert hint in found[path].hint
    assert "u:pw" not in str(found[path])


TELLING_MISTAKE = [
    (RULE + "above = 1", 'rule["r"].metric', 'nothing in this configuration yields "probe_success"'),
    (RULE, 'rule["r"]', "needs one condition, has none"),
    (RULE + "above = 1\nbelow = 0", 'rule["r"]', "needs one condition, has above and below"),
    (RULE + 'above = 1\nnotify = ["x"]', 'rule["r"].notify[1]', 'no notify is called "x"'),
    (
        RULE.replace("probe_success", "a b") + "above = 1",
        'rule["r"].metric',
        "'a b' is not the name of a metric",
    ),
    ("[notify.a]\ntype = 'webhok'\nurl = 'https://a.example.org'", "notify.a.type", "must be one of"),
    ("[notify.a]\nurl = 'https://a.example.org'", "notify.a.type", "is missing"),
    (
        "[notify.a]\ntype = 'email'\nserver = 'm'\nsender = 'x'\nto = []",
        "notify.a.sender",
        "'x' is not a mail",
    ),
    ("[notify.a]\ntype = 'govuk_notify'\napi_key = { env = 'SECRET' }", "notify.a", "tells nobody"),
    (
        "[notify.a]\ntype = 'govuk_notify'\napi_key = { env = 'SECRET' }\nsms_to = ['+447700900123']",
        "notify.a.sms_template",
        "is missing",
    ),
    (
        "[notify.a]\ntype = 'webhook'\nurl = 'https://a.example.org'\nfallback = 'a'",
        "notify.a.fallback",
        "goes in a",
    ),
    (
        "[evidence]\nroots_to = ['x']",
        "evidence.roots_to[1]",
        "no notify is called",
    ),
    (
        "[notify.a]\ntype = 'alertmanager'\nurl = 'https://a.example.org'\n[evidence]\nroots_to = ['a']",
        "evidence.roots_to[1]",
        '"a" is an Alertmanager, which keeps nothing',
    ),
    (
        "[notify.a]\ntype = 'govuk_notify'\nsms_to = ['+447700900123']\n[evidence]\nroots_to = ['a']",
        "evidence.roots_to[1]",
        '"a" sends text messages, which are too short',
    ),
    (
        "[notify.a]\ntype = 'webhook'\nurl = 'https://a.example.org'\nseverities = []",
        "notify.a.severities",
        "is empty: it would hear of nothing",
    ),
]


@pytest.mark.parametrize(
    ("text", "path", "problem"), TELLING_MISTAKE, ids=[f"{row[1]} {row[2][:24]}" for row in TELLING_MISTAKE]
)
def test_rules_channels_and_evidence_are_checked_too(write, text, path, problem):
    found = [mistake for mistake in mistakes_of(write(SITE + text)) if mistake.path == path]
    assert any(mistake.problem.startswith(problem) for mistake in found), found


def test_a_channel_that_only_keeps_roots_hears_of_no_alert(write):
    text = "[notify.a]\ntype = 'webhook'\nurl = 'https://a.example.org'\nseverities = []\n"
    assert (
        load(write(SITE + text + "[evidence]\nroots_to = ['a']\n"), {}).configuration.notify["a"].severities
        == ()
    )


@pytest.mark.parametrize(
    ("raw", "where", "problem"),
    [
        (b'[site]\nid = "\xff"', "line 2", "is not text in UTF-8"),
        (b"[site]\nid == 1", "line 2, column 5", "is not TOML: Invalid value"),
        (b"[site]\nid = 1\nid = 2\n", "line 3, column 7", "is not TOML: Cannot overwrite a value"),
        (b"[site", "end of file", "is not TOML: Expected ']'"),
        (b"a = " + b"[" * 5_000, "file", "is nested too deeply"),
        (b".".join([b"a"] * 50) + b" = 1", "file", "is nested too deeply"),
        (b"#" * 1_000_001, "file", "is larger than 1 MB"),
    ],
    ids=["utf-8", "syntax", "duplicate key", "cut off", "brackets", "dots", "large"],
)
def test_a_file_that_cannot_be_read_says_where(write, raw, where, problem):
    [mistake] = mistakes_of(write(raw))
    assert mistake.path == where
    assert mistake.problem.startswith(problem)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    [mistake] = mistakes_of(tmp_path / "netmon.toml")
    assert mistake.problem == "cannot be read: No such file or directory"
    [mistake] = mistakes_of(tmp_path)
    assert mistake.problem == "is not a file"


def test_a_byte_order_mark_does_no_harm(write):
    path = write(b"\xef\xbb\xbf" + SITE.encode())
    assert load(path, {}, Options(catalogue=fake_catalogue())).configuration.site.id == "s"


def test_an_open_web_server_needs_a_certificate_and_a_token(write):
    found = mistakes_of(write(SITE + '[web]\nlisten = "0.0.0.0:9877"\ntechnician = "0.0.0.0:9878"'))
    assert [mistake.path for mistake in found] == ["web.tls", "web.tokens"]


def test_a_mistake_in_one_file_hides_none_in_another(write):
    path = write(SITE + "users = -1\n")
    write("[[device]\n", "conf.d/10-broken.toml")
    write("[[probe]]\ntype = 'icpm'\ntargets = ['a']\n", "conf.d/20-probes.toml")
    found = [(Path(mistake.file).name, mistake.path) for mistake in mistakes_of(path)]
    assert found == [
        ("10-broken.toml", "line 1, column 9"),
        ("netmon.toml", "site.users"),
        ("20-probes.toml", 'probe["icpm"].type'),
    ]


def test_what_may_stand_in_a_broken_file_is_not_reported_as_missing(write):
    path = write(DEVICE)
    write("[site\n", "conf.d/10-broken.toml")
    assert [mistake.problem[:11] for mistake in mistakes_of(path)] == ["is not TOML"]


def test_a_table_in_two_files_is_a_mistake_that_names_both(write):
    path = write(SITE + CREDENTIAL)
    other = write(CREDENTIAL, "conf.d/10.toml")
    [mistake] = mistakes_of(path)
    assert (mistake.file, mistake.path) == (str(other), "credential.c")
    assert mistake.problem == f"is already in {path}"


def test_a_name_in_two_files_is_a_mistake_that_names_both_places(write):
    path = write(SITE + PROBE)
    other = write(PROBE.replace(".1", ".2"), "conf.d/10.toml")
    [mistake] = mistakes_of(path)
    assert (mistake.file, mistake.path) == (str(other), "probe[1].name")
    assert mistake.problem == f'"icmp" is already the name of probe[1] in {path}'


def test_two_devices_at_one_address_with_one_credential_are_a_mistake(write):
    [mistake] = mistakes_of(write(SITE + CREDENTIAL + DEVICE + DEVICE.replace('"d"', '"e"')))
    assert mistake.path == 'device["e"].address'
    assert mistake.problem.startswith('192.0.2.1:161 already belongs to device["d"] in ')


def test_two_circuits_on_one_port_are_a_mistake(write):
    wan = "wan = { device = 'd', interface = 'ge-0/0/0' }\n"
    text = SITE + CREDENTIAL + DEVICE + CIRCUIT + wan + CIRCUIT.replace('"w"', '"v"') + wan
    [mistake] = mistakes_of(write(text))
    assert mistake.path == 'circuit["v"].wan'


def test_a_circle_of_parents_is_reported_once(write):
    def device(name, parent, last):
        return DEVICE.replace('"d"', f'"{name}"').replace(".1", f".{last}") + f'parent = "{parent}"\n'

    text = SITE + CREDENTIAL + device("x", "a", 1) + device("a", "b", 2) + device("b", "a", 3)
    [mistake] = mistakes_of(write(text))
    assert (mistake.path, mistake.problem) == ('device["a"].parent', "goes in a circle: a > b > a")


def test_a_source_that_cannot_be_imported_is_a_mistake(write):
    def find(_name):
        raise ImportError("No module named 'libfoo'")

    catalogue = fake_catalogue()
    broken = type(catalogue)(("icmp",), find)
    with pytest.raises(ConfigError, match="\"icmp\" cannot be loaded: No module named 'libfoo'"):
        load(write(SITE + PROBE), {}, Options(catalogue=broken))


def test_a_long_chain_of_parents_is_no_circle_and_takes_no_time():
    entries = [
        Entry(
            "device", f"d{n}", "f", f"device[{n}]", f"device[{n}]", {"name": f"d{n}", "parent": f"d{n - 1}"}
        )
        for n in range(1, 3_000)
    ]
    found = list(check_references(entries))
    assert [mistake.path for mistake in found] == ["device[1].parent"]  # d0 does not exist
