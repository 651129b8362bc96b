"""What the documents say is so."""

import json
import re

import pytest
from shell import ROOT

from scripts.keys import table
from tui.commands.parser import COMMANDS

README = (ROOT / "README.md").read_text()


def test_the_readme_has_every_key_as_it_is_bound():
    assert table() in README


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_says_what_every_command_does(name):
    assert re.search(rf"^\| `maxwhisper {name}\b.*` \| .+ \| 0", README, re.MULTILINE)


@pytest.mark.parametrize(
    "path", re.findall(r"\]\((?!http)([^)]+)\)|`((?:core|debug|tests)/\S+\.py)`", README)
)
def test_what_the_readme_links_to_is_there(path):
    assert (ROOT / "".join(path)).is_file()


def test_the_readmes_times_are_those_of_the_benchmark():
    report = json.loads(
        (ROOT / "benchmarks" / "results" / "reload-tiny-cpu.json").read_text()
    )
    for edit in ("first layer", "every block", "last layer"):
        times = report["edits"][edit]
        assert (
            f"| {times['first_seconds']:.1f} s | {times['last_seconds']:.1f} s |" in README
        )
    assert report["date"] in README


def test_no_source_file_is_too_long_to_read():
    for folder in ("core", "debug", "tui", "tests", "scripts", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
    assert len((ROOT / "core" / "encoder.py").read_text().splitlines()) < 200
