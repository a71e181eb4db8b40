"""The technician's page, reached from a phone on the site's LAN while the line and the resolver are dead."""

import json
import re
import sys

import pytest
from fakes.daemon import DaemonProcess
from fakes.namespaces import two_hosts

CONFIG = """
technician = "0.0.0.0:9878"

[site]
id = "lib"
name = "Central library"

[[circuit]]
id = "wan1"
supplier = "Northern Fibre"
supplier_ref = "NF-100"

[[probe]]
name = "gateway"
type = "tcp"
role = "gateway"
targets = ["127.0.0.1:9877"]
every = "1s"

[[probe]]
name = "anchors"
type = "tcp"
role = "anchor"
targets = ["198.51.100.1:443", "203.0.113.1:443", "anchor.example:443"]
every = "1s"
timeout = "500ms"

[[probe]]
name = "names"
type = "dns"
role = "resolver"
targets = ["198.51.100.53"]
every = "1s"
timeout = "500ms"
"""

FETCH = """
import json, time, urllib.request
began = time.monotonic()
with urllib.request.urlopen("http://10.77.0.1:9878/", timeout=5) as answer:
    body = answer.read()
print(json.dumps({"seconds": time.monotonic() - began, "bytes": len(body), "text": body.decode()}))
"""


@pytest.mark.servers
def test_the_page_comes_in_a_second_and_begins_with_the_verdict_and_what_to_do(tmp_path):
    with two_hosts("10.77.0.1/24", "10.77.0.2/24") as (appliance, phone):
        daemon = DaemonProcess(tmp_path, port=9877, prefix=appliance.prefix)
        daemon.write_config(CONFIG.removeprefix("\n"))
        daemon.start(ready=False)
        try:
            daemon.wait_until(
                lambda: "Nothing beyond the router answers" in fetch(phone).get("text", ""), "the verdict"
            )
            page = fetch(phone)
        finally:
            daemon.kill()
    assert page["seconds"] < 1
    assert page["bytes"] < 50_000
    first, second = words(page["text"])[:2]
    assert first.endswith(": Nothing beyond the router answers.")
    assert "call Northern Fibre (reference NF-100)" in second
    for forbidden in ("<form", "token", "http://", "https://"):
        assert forbidden not in page["text"].lower(), forbidden


def words(document):
    """The lines that a person reads, in order; the state's own word comes first."""
    body = document[document.index("<body") :]
    lines = re.sub(
        r"<[^>]*>", "", re.sub(r"</?(body|main|h\d|p|li|section|div)[^>]*>", "\n", body)
    ).splitlines()
    return [line.strip() for line in lines if line.strip()]


def fetch(phone):
    done = phone.run(sys.executable, "-c", FETCH)
    return json.loads(done.stdout) if done.returncode == 0 else {}
