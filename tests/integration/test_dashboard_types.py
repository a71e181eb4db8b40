"""The dashboards' JSON has the types that Grafana publishes, by its own compiler."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fakes.dashboards import FILES, load
from fakes.servers import require

pytestmark = pytest.mark.servers

TYPES = Path(__file__).parents[1] / "fixtures" / "grafana-types"
COMPILE = ("--strict", "--noEmit", "--skipLibCheck", "--moduleResolution", "node", "--target", "es2020")
FETCH = ("ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1")


def unfetched(why):
    """Skip what cannot be checked without Grafana's types (fail where servers are required)."""
    told = f"Grafana's types could not be fetched: {why}"
    if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="module")
def compiler(tmp_path_factory):
    require("node")
    folder = tmp_path_factory.mktemp("types")
    for path in TYPES.iterdir():
        shutil.copy(path, folder)
    try:
        done = subprocess.run(
            [require("npm"), *FETCH], cwd=folder, capture_output=True, text=True, timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        unfetched("npm took longer than 30 s")
    if done.returncode != 0:
        unfetched(done.stderr.strip()[-200:])
    return folder


def complaints(folder, dashboards):
    """Return what the compiler says of each dashboard."""
    lines = [f"export const d{n}: Checked = {json.dumps(one)};" for n, one in enumerate(dashboards)]
    text = "\n".join(['import type { Checked } from "./check";', *lines])
    (folder / "all.ts").write_text(text, "utf-8")
    command = ["node", "node_modules/typescript/bin/tsc", *COMPILE, "all.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    found = re.findall(r"^(\w+\.ts)\((\d+),\d+\): error (.*)", done.stdout, re.MULTILINE)
    assert {file for file, *_ in found} <= {"all.ts"}, done.stdout
    return [[told for _, line, told in found if int(line) == n + 2] for n in range(len(lines))]


def test_every_dashboard_is_what_grafana_calls_one_and_wrong_types_are_caught(compiler):
    spoilt = load(FILES[0])
    spoilt["refresh"] = 30
    spoilt["panels"][1]["fieldConfig"]["defaults"]["color"] = {"mode": "colourful"}
    *good, bad = complaints(compiler, [*map(load, FILES), spoilt])  # one start of the compiler for all
    assert good == [[] for _ in FILES]
    assert any("number" in one for one in bad)
    assert any("colourful" in one for one in bad)
