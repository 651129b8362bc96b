"""What the parts of Whisper are called: openai's words, Hugging Face's, Modular's.

The three build the same network and name its parts alike in structure, so that a name is
translated word by word: openai's ``blocks.0.attn.query.weight`` is Hugging Face's
``layers.0.self_attn.q_proj.weight`` and Modular's ``layers.0.attention.wq.weight``. Names
of tensors and names of layers are translated alike.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass


def translated(name: str, words: Mapping[str, str]) -> str:
    """A dotted name with some of its parts replaced, the longest first."""
    if not words:
        return name
    longest_first = sorted(words, key=len, reverse=True)
    choices = "|".join(re.escape(word) for word in longest_first)
    return re.sub(rf"(?<![^.])(?:{choices})(?![^.])", lambda found: words[found[0]], name)


@dataclass(frozen=True)
class Naming:
    whose: str
    words: Mapping[str, str]
    """openai's words, and these for them."""

    def of(self, name: str) -> str:
        """The name that openai's has here."""
        return translated(name, self.words)

    def openais(self, name: str) -> str:
        """openai's name for one that is used here."""
        return translated(name, {theirs: ours for ours, theirs in self.words.items()})


OPENAI = Naming("openai", {})
HUGGING_FACE = Naming(
    "Hugging Face",
    {
        "blocks": "layers",
        "attn": "self_attn",
        "attn_ln": "self_attn_layer_norm",
        "cross_attn": "encoder_attn",
        "cross_attn_ln": "encoder_attn_layer_norm",
        "query": "q_proj",
        "key": "k_proj",
        "value": "v_proj",
        "out": "out_proj",
        "mlp_ln": "final_layer_norm",
        "mlp.0": "fc1",
        "mlp.2": "fc2",
        "ln_post": "layer_norm",
        "decoder.ln": "decoder.layer_norm",
        "token_embedding": "embed_tokens",
        "positional_embedding": "embed_positions.weight",
    },
)
MODULAR = Naming(
    "Modular",
    {
        "blocks": "layers",
        "attn": "attention",
        "attn_ln": "attention_norm",
        "query": "wq",
        "key": "wk",
        "value": "wv",
        "out": "wo",
        "mlp_ln": "mlp_norm",
        "mlp.0": "mlp.fc1",
        "mlp.2": "mlp.fc2",
        "ln_post": "norm",
        "positional_embedding": "embed_positions.weight",
    },
)


def naming_of(declared: Collection[str], names: Collection[str]) -> Naming:
    """The one in which most of a port's weights have a name; openai's if none has more.

    Args:
        declared: the port's weights.
        names: openai's, all of them.
    """

    def known(naming: Naming) -> int:
        return len(set(declared) & {naming.of(name) for name in names})

    return max((OPENAI, HUGGING_FACE, MODULAR), key=known)
