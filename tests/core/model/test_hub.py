"""The hub of Hugging Face, played by a folder: no test asks the network."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from safetensors.torch import save_file
from whisper.model import ModelDimensions

from core.model.checkpoint import load_checkpoint
from core.model.random_weights import random_state
from debug.protocol.diagnostic import Problem

SMALL = ModelDimensions(80, 1500, 64, 1, 1, 100, 16, 64, 1, 1)
NAME = "somebody/whisper-mini"


class Hub:
    """Gives files of a folder, and puts them into another one, the cache."""

    def __init__(self, root: Path) -> None:
        self.files, self.cache = root / "files", root / "cache"
        self.files.mkdir()
        self.cache.mkdir()
        self.reached = True
        self.asked: list[str] = []

    def get(self, name: str, file: str, local_files_only: bool = False) -> str:
        assert name == NAME
        if (self.cache / file).is_file():
            return str(self.cache / file)
        if local_files_only or not self.reached:
            raise LocalEntryNotFoundError("not in the cache")
        self.asked.append(file)
        if not (self.files / file).is_file():
            raise EntryNotFoundError(f"404 for {file}")
        return str(shutil.copy(self.files / file, self.cache / file))


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Hub:
    hub = Hub(tmp_path)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hub.get)
    return hub


def problem_of(name: str) -> str:
    with pytest.raises(Problem) as raised:
        load_checkpoint(name)
    message = str(raised.value.diagnostic)
    assert "\n" not in message
    return message


def test_a_model_is_downloaded_once(hub):
    save_file(random_state(SMALL), hub.files / "model.safetensors")
    assert load_checkpoint(NAME).title == f"{NAME} (1 heads assumed)"
    assert "model.safetensors" in hub.asked
    assert "pytorch_model.bin" not in hub.asked
    (hub.cache / "config.json").write_text('{"model_type": "bert"}')
    hub.asked.clear()
    assert "type bert" in problem_of(NAME)
    assert hub.asked == []


def test_all_shards_are_downloaded(hub):
    state = random_state(SMALL)
    names = {name: f"{name.split('.')[0]}.safetensors" for name in state}
    for file in set(names.values()):
        part = {name: tensor for name, tensor in state.items() if names[name] == file}
        save_file(part, hub.files / file)
    index = json.dumps({"weight_map": names})
    (hub.files / "model.safetensors.index.json").write_text(index)
    assert torch.equal(
        load_checkpoint(NAME).state["encoder.conv1.bias"], state["encoder.conv1.bias"]
    )


def test_an_adapter_of_the_hub_is_named(hub):
    (hub.files / "adapter_config.json").write_text("{}")
    assert f"{NAME} is a LoRA adapter" in problem_of(NAME)


def test_without_a_network_it_is_said_where_to_put_the_model(hub):
    hub.reached = False
    message = problem_of(NAME)
    assert "the hub can't be reached" in message
    assert constants.HF_HUB_CACHE in message
    assert f"hf download {NAME}" in message


def test_offline_by_the_hubs_own_switch_is_said(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.reached = False
    assert "HF_HUB_OFFLINE is set" in problem_of(NAME)


def test_a_folder_of_that_name_comes_before_the_hub(hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).mkdir(parents=True)
    assert "an empty folder" in problem_of(NAME)
    assert hub.asked == []


def test_what_can_be_no_name_of_the_hub_is_a_path(hub):
    assert "there is no file" in problem_of("a/b/c")
    assert "there is no file" in problem_of("somewhere/tiny.pt")
