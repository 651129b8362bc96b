"""The first draft of a port's file, of classes that are installed."""

import importlib
from pathlib import Path

import pytest

from debug.port.draft import draft
from debug.port.draft_weights import function
from debug.protocol.diagnostic import Problem

BERT = "max.pipelines.architectures.bert.graph:BertModel"


def test_a_model_of_hugging_face_gets_a_small_configuration_and_its_inputs():
    text = draft("my_port.py", "transformers:BertModel", BERT)
    compile(text, "my_port.py", "exec")
    assert "from transformers import BertConfig, BertModel\n" in text
    assert "config = BertConfig(\n        vocab_size=100,\n" in text
    assert '"input_ids": torch.randint(1, 100, (2, 12)),' in text
    assert '"attention_mask": torch.ones(2, 12),' in text


def test_an_adapter_beside_the_architecture_is_used():
    text = draft("my_port.py", "transformers:BertModel", BERT)
    assert "weights=convert_safetensor_state_dict," in text


def test_what_is_not_known_is_left_to_be_filled_in():
    text = draft("my_port.py", "torch.nn:Linear", "examples.two_layers.graph:Linear")
    compile(text, "my_port.py", "exec")
    assert "reference = Linear(in_features=..., out_features=...).eval()" in text
    assert "Candidate(n_in=..., n_out=..., device=device)" in text
    assert '"input": ...,' in text


@pytest.mark.parametrize("place", ["no_such_module:A", "torch:NoSuchClass", "torch", ":"])
def test_what_can_not_be_imported_is_said(place: str):
    with pytest.raises(Problem, match="give it as module:class"):
        draft("my_port.py", place, BERT)


BESIDE = """\
class ClipText:
    def __init__(self, config):
        self.config = config
"""
ADAPTERS = "def convert_safetensor_state_dict(state):\n    return state\n"


def beside(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    """Writes modules that can be imported, as those beside a port's file can."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()


def test_a_plain_module_beside_you_is_a_candidate(tmp_path, monkeypatch):
    beside(tmp_path, monkeypatch, clip_of_mine=BESIDE)
    text = draft("my_port.py", "transformers:CLIPTextModel", "clip_of_mine:ClipText")
    compile(text, "my_port.py", "exec")
    assert "from clip_of_mine import ClipText as Candidate\n" in text
    assert "candidate=lambda device, dtype: Candidate(config)," in text
    assert "weights=" not in text


def test_a_module_of_a_package_is_one_with_the_adapter_beside_it(tmp_path, monkeypatch):
    files = {"my_clip__graph": BESIDE, "my_clip__weight_adapters": ADAPTERS}
    beside(tmp_path, monkeypatch, **files)
    text = draft("my_port.py", "transformers:CLIPTextModel", "my_clip.graph:ClipText")
    assert "from my_clip.weight_adapters import convert_safetensor_state_dict\n" in text
    assert "weights=convert_safetensor_state_dict," in text


def test_a_module_that_raises_when_it_is_imported_is_said(tmp_path, monkeypatch):
    beside(tmp_path, monkeypatch, clip_in_pieces="1 / 0")
    with pytest.raises(Problem, match=r"can't import clip_in_pieces:A: ZeroDivisionError"):
        draft("my_port.py", "torch.nn:Linear", "clip_in_pieces:A")


def test_new_norms_and_biases_are_made_to_say_something():
    text = draft("my_port.py", "transformers:BertModel", BERT)
    assert "    for weight in reference.parameters():" in text
    assert "        weight.data += 0.1 * torch.randn_like(weight)\n" in text


RENAMED = """\
from max.nn import LayerList, LayerNorm, Linear, Module


class Layer(Module):
    def __init__(self, c, dtype, device):
        super().__init__()
        self.q = Linear(c.hidden_size, c.hidden_size, dtype, device, has_bias=True)
        self.k = Linear(c.hidden_size, c.hidden_size, dtype, device, has_bias=True)
        self.qkv = Linear(c.hidden_size, 3 * c.hidden_size, dtype, device)

    def __call__(self, x):
        return x


class Renamed(Module):
    def __init__(self, c, dtype, device):
        super().__init__()
        self.layers = LayerList([Layer(c, dtype, device) for _ in range(2)])

    def __call__(self, x):
        return x
"""


def test_weights_of_other_names_are_paired_by_shape_and_name(tmp_path, monkeypatch):
    beside(tmp_path, monkeypatch, bert_renamed=RENAMED)
    text = draft("my_port.py", "transformers:BertModel", "bert_renamed:Renamed")
    made = {}
    exec(text.partition("def port()")[0], made)
    assert "Candidate(config, dtype=dtype, device=device)" in text
    assert "        weights=weights,\n" in text
    query = "encoder.layer.{}.attention.self.query.bias"
    given = {query.format(n): n for n in range(2)}
    assert made["weights"](given) == {f"layers.{n}.q.bias": n for n in range(2)}
    assert '# found["layers.#.qkv.weight"] = ...  # nothing like its [192, 64]' in text


def test_a_number_within_a_name_is_not_that_of_a_block():
    norms = {f"h.{block}.norm{part}.weight": (4,) for block in range(2) for part in (1, 2)}
    layers = {f"h.{block}.fc1.weight": (8, 4) for block in range(2)}
    layers |= {f"h.{block}.fc2.weight": (4, 8) for block in range(2)}
    renames = {"norm1": "before", "norm2": "after", "fc1": "up", "fc2": "down"}
    ours = {}
    for name, shape in {**norms, **layers}.items():
        _, block, module, last = name.split(".")
        ours[f"blocks.{block}.{renames[module]}.{last}"] = shape
    made = {}
    exec(f"import re\n{function({**norms, **layers}, ours)}", made)
    state = {**norms, **layers}
    assert made["weights"](state) == ours
