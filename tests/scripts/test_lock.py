"""What is pinned with hashes is what was tested; an audit that knows nothing says so."""

import re

from packaging.utils import canonicalize_name
from shell import ROOT

from scripts.audit import FOUND, SKIPPED, verdict
from scripts.lock import LOCK

ENTRIES = re.split(r"\n(?=\S)", LOCK.read_text().strip())


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([\w.+]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_the_versions_with_hashes_are_those_that_were_tested():
    locked = pins(LOCK.read_text())
    tested = pins((ROOT / "constraints.txt").read_text())
    assert {name: version for name, version in locked.items() if name in tested} == {
        name: tested[name] for name in locked if name in tested
    }
    asked = (ROOT / "requirements-dev.txt").read_text().splitlines()[1:]
    assert {canonicalize_name(name) for name in asked} <= set(locked)
    assert {"max", "torch", "openai-whisper", "textual"} <= set(locked)


def test_every_package_has_a_hash_and_no_server_is_named():
    assert len(ENTRIES) > 100
    for entry in ENTRIES:
        assert re.match(r"[\w.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in LOCK.read_text()


def test_an_audit_tells_flaws_from_packages_that_nobody_knows():
    flaw = {"id": "X-1", "fix_versions": ["2.0"]}
    sound = {"name": "a", "version": "1", "vulns": []}
    flawed = {"name": "b", "version": "1", "vulns": [flaw]}
    unknown = {"name": "c", "version": "1", "skip_reason": "not found"}
    assert verdict({"dependencies": [sound, unknown]})[0] == 0
    status, lines = verdict({"dependencies": [sound, flawed, unknown]})
    assert status == FOUND
    assert lines[0] == "b 1: X-1, mended in 2.0"
    status, lines = verdict({"dependencies": [unknown]})
    assert status == SKIPPED
    assert lines == ["audit skipped: nothing is known of any package (not found)"]
