"""pixi.toml and the Makefile: the same tasks, which exist, on the same versions."""

import json
import re
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from shell import ROOT

from scripts.coverage_by_folder import PROMISED as PROMISED_TO_BE_RUN

PROMISED = {
    *("install", "run", "demo", "serve"),
    *("test-quick", "coverage"),
    *("test", "test-cpu", "test-gpu", "test-max", "graph-test", "gpu-check"),
    *("benchmark", "benchmark-json", "debug-encoder", "compare-simple"),
}
MAKEFILE = (ROOT / "Makefile").read_text()
PIXI = tomllib.loads((ROOT / "pixi.toml").read_text())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]


def targets() -> set[str]:
    (names,) = re.findall(r"^\.PHONY:((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    return set(names.replace("\\", " ").split())


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text()
    found = re.findall(r"^([\w.-]+)==(\S+)$", lines, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def pixi_pins() -> dict[str, str]:
    """The exact versions that pixi.toml asks for, from both kinds of channels."""
    asked = {**PIXI["dependencies"], **PIXI["pypi-dependencies"]}
    return {
        canonicalize_name(name): version.removeprefix("==")
        for name, version in asked.items()
        if isinstance(version, str) and version.startswith("==")
    }


def requirements() -> dict[str, Requirement]:
    """What the project and its tests ask for by name."""
    development = (ROOT / "requirements-dev.txt").read_text().splitlines()
    lines = [line for line in development if not line.startswith("#")]
    lines += PROJECT["dependencies"]
    for extra in PROJECT["optional-dependencies"].values():
        lines += extra
    parsed = [Requirement(line.partition(" #")[0]) for line in lines]
    return {canonicalize_name(each.name): each for each in parsed}


def test_pixis_file_keeps_to_pixis_schema():
    schema = json.loads((ROOT / "tests" / "data" / "pixi-schema.json").read_text())
    errors = list(Draft202012Validator(schema).iter_errors(PIXI))
    assert errors == []


def test_the_schema_refuses_what_pixi_would():
    schema = json.loads((ROOT / "tests" / "data" / "pixi-schema.json").read_text())
    wrong: dict[str, Any] = {**PIXI, "tasks": {"run": {"command": "misspelt"}}}
    assert not Draft202012Validator(schema).is_valid(wrong)


def test_pixi_and_make_have_the_same_tasks():
    assert set(PIXI["tasks"]) >= PROMISED
    # What pixi has at once, and what make runs beside lint and types.
    assert targets() == set(PIXI["tasks"]) | {"clean", "peers", "test-unit"}


@pytest.mark.parametrize("name", sorted(targets()))
def test_every_target_has_a_rule(name: str):
    assert re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)


def commands() -> set[str]:
    """The programs that a set-up has: the project's own, and those of its tools."""
    tools = {"ruff", "pytest", "basedpyright", "lint-imports", "python"}
    return set(PROJECT["scripts"]) | tools


@pytest.mark.parametrize("name", sorted(PIXI["tasks"]))
def test_every_task_names_a_command_that_exists(name: str):
    for command in PIXI["tasks"][name]["cmd"].split(" && "):
        program, *arguments = command.split()
        assert program in commands()
        if program == "python" and arguments[0] == "-m":
            module = ROOT / arguments[1].replace(".", "/")
            package = module / "__main__.py"
            assert module.with_suffix(".py").is_file() or package.is_file()
        elif program == "python":
            assert (ROOT / arguments[0]).is_file()


@pytest.mark.parametrize("name", sorted(set(PIXI["tasks"]) - {"install", "test"}))
def test_make_runs_what_pixi_does(name: str):
    target = "test-unit" if name == "test-quick" else name
    rule = re.search(
        rf"^{target}: (?:install|peers)\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE
    )
    assert rule is not None
    lines = rule[1].replace("$(BIN)/", "").replace("$(ARGS)", "").splitlines()
    made = " && ".join(line.strip() for line in lines).replace('"', "'")
    assert made == PIXI["tasks"][name]["cmd"]


def test_pixi_and_the_constraints_file_ask_for_the_same_versions():
    everywhere = pins()
    assert {name: everywhere.get(name) for name in pixi_pins()} == pixi_pins()


def test_pixi_pins_all_that_the_project_and_its_tests_ask_for():
    assert set(requirements()) <= set(pixi_pins())


@pytest.mark.parametrize("name", sorted(requirements()))
def test_every_pin_is_one_that_the_project_allows(name: str):
    assert requirements()[name].specifier.contains(pins()[name])
    assert set(requirements()) <= set(pins())


def test_pixi_has_python_as_the_project_does():
    assert PIXI["dependencies"]["python"] == PROJECT["requires-python"]
    assert PIXI["workspace"]["platforms"] == ["linux-64", "osx-arm64"]
    assert "conda-forge" in PIXI["workspace"]["channels"]


def test_nine_of_ten_lines_are_run_by_tests_those_of_child_processes_included():
    measured = PYPROJECT["tool"]["coverage"]
    assert measured["report"]["fail_under"] >= 90
    assert set(measured["run"]["source"]) == {"core", "debug", "tui"}
    assert measured["run"]["omit"] == ["core/repro/template/*"]
    assert set(measured["run"]["patch"]) == {"subprocess", "_exit"}


def test_the_floor_is_of_core_and_debug():
    assert PROMISED_TO_BE_RUN == ("core", "debug")
    assert "scripts.coverage_by_folder" in PIXI["tasks"]["coverage"]["cmd"]
