"""Asks whether a pinned package has a known vulnerability: make audit

pip-audit asks a service on the network. Where that does not answer, or does not know the
packages, it says so of each and that nothing was found, which is not the same: then the
audit is skipped, with the reason.
"""

import json
import subprocess
import sys
from typing import Any

from scripts.lock import LOCK, ROOT, tool

SKIPPED, FOUND = 0, 1


def verdict(report: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit status, and what to print, of pip-audit's answer in JSON."""
    packages = report.get("dependencies", [])
    unknown = [each for each in packages if "skip_reason" in each]
    looked_up = len(packages) - len(unknown)
    if looked_up == 0:
        reason = unknown[0]["skip_reason"] if unknown else "it named no package"
        return SKIPPED, [f"audit skipped: nothing is known of any package ({reason})"]
    lines = [
        f"{each['name']} {each['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for each in packages
        for flaw in each.get("vulns", [])
    ]
    status = FOUND if lines else 0
    rest = f", {len(unknown)} are not known there" if unknown else ""
    lines.append(f"{looked_up} packages were looked up, {len(lines)} flaws found{rest}")
    return status, lines


def main() -> int:
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    try:
        command = [tool("pip-audit"), *options, "--format", "json", "-r", str(LOCK)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"audit skipped: pip-audit can't be installed ({error})")
        return SKIPPED
    try:
        report = json.loads(done.stdout)
    except ValueError:
        reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"audit skipped: pip-audit can't ask ({reason})")
        return SKIPPED
    status, lines = verdict(report)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
