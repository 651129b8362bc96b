"""Pins every package that the project may need, with the hashes of its files: make lock

The result, ``requirements.lock``, is for whoever wants exactly what was tested, and nothing
that was put in its place: ``pip install --require-hashes -r requirements.lock``. The
versions are those of ``constraints.txt``; what that leaves to torch, such as CUDA's
libraries, is pinned here, too. It names no server, so pip asks the one that it is set to.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
ONLY_IN_SOME_WHEELS = "max-shmem-libs ; sys_platform == 'linux'\n"
"""What a package asks for on one system only, without saying so on the others."""


TOOLS = ROOT / "build" / "tools"
PINNED_TOOLS = ("uv==0.13.9", "pip-audit==2.10.1")
"""They have a folder of their own: they are no part of the project."""


def tool(name: str) -> str:
    """The path of one of these tools, which are installed when they are first needed.

    Raises:
        subprocess.CalledProcessError: they can't be installed; pip has said why.
    """
    path = TOOLS / "bin" / name
    if not path.exists():
        venv.create(TOOLS, with_pip=True)
        python = str(TOOLS / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", *PINNED_TOOLS], check=True)
    return str(path)


def command(uv: str) -> list[str]:
    return [
        *(uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
        *("--generate-hashes", "--no-header", "--no-annotate", "--all-extras"),
        *("--constraints", "constraints.txt", "--output-file", str(LOCK)),
        *("pyproject.toml", "requirements-dev.txt", "-"),
    ]


def main() -> int:
    given = command(tool("uv"))
    done = subprocess.run(given, input=ONLY_IN_SOME_WHEELS, text=True, cwd=ROOT)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
