"""A probe from another distribution: its entry point is all that netmon needs."""

import json
import os
import subprocess
import sys
import textwrap

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "netmon-answer"
version = "1"
[project.entry-points."netmon.sources"]
answer = "netmon_answer:AnswerProbe"
[tool.hatch.build.targets.wheel]
packages = ["netmon_answer"]
"""

MODULE = '''
"""A trivial probe."""
from netmon import sdk

ANSWER = sdk.gauge("netmon_answer_ratio", "The answer.")


class AnswerProbe(sdk.Probe[sdk.NoSettings]):
    """Knows the answer."""

    measurement = "answer"
    own_metrics = (ANSWER,)
    settings_type = sdk.NoSettings

    async def measure(self, target: str) -> sdk.Sample:
        """Answer."""
        return sdk.Sample({ANSWER: 0.42})
'''


def test_a_probe_of_another_distribution_runs_by_its_entry_point_alone(tmp_path):
    source, installed = tmp_path / "source", tmp_path / "installed"
    (source / "netmon_answer").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT, "utf-8")
    (source / "netmon_answer" / "__init__.py").write_text(textwrap.dedent(MODULE), "utf-8")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(installed)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True, timeout=120)
    environ = {**os.environ, "PYTHONPATH": str(installed), "STATE_DIRECTORY": str(tmp_path / "state")}

    def netmon(*words):
        command = [sys.executable, "-P", "-m", "netmon", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    found = netmon("probe", "answer", "everything", "--json")
    assert found.returncode == 0, found.stderr
    assert "0.42" in found.stdout
    assert json.loads(found.stdout)

    config = tmp_path / "netmon.toml"
    config.write_text('[site]\nid = "x"\n[[probe]]\ntype = "answer"\ntargets = ["everything"]\n', "utf-8")
    checked = netmon("check", "--config", str(config))
    assert checked.returncode == 0, checked.stderr + checked.stdout
