"""The first draft of a port's file, of classes that are installed."""

import pytest

from debug.port.draft import draft
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
    assert "reference=Linear(in_features=..., out_features=...).eval()" in text
    assert "Candidate(n_in=..., n_out=..., device=device)" in text
    assert '"input": ...,' in text


@pytest.mark.parametrize("place", ["no_such_module:A", "torch:NoSuchClass", "torch", ":"])
def test_what_can_not_be_imported_is_said(place: str):
    with pytest.raises(Problem, match="give it as module:class"):
        draft("my_port.py", place, BERT)
