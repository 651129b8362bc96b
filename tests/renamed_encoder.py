"""The encoder with Hugging Face's names in place of openai's."""

import re
from pathlib import Path

RENAMED = {
    "self.blocks": "self.layers",
    "self.attn_ln": "self.self_attn_layer_norm",
    "self.attn": "self.self_attn",
    "self.query": "self.q_proj",
    "self.key": "self.k_proj",
    "self.value": "self.v_proj",
    "self.out": "self.out_proj",
    "self.mlp(self.mlp_ln(x))": "self.fc2(ops.gelu(self.fc1(self.final_layer_norm(x))))",
    "self.mlp_ln": "self.final_layer_norm",
    "self.ln_post": "self.layer_norm",
    "self.positional_embedding": "self.embed_positions.weight",
}
MLP = r"self\.mlp = nn\.Sequential\(\s*\[\s*(.*?),\s*GELU\(\),\s*(.*?),\s*\]\s*\)"
TABLE = r"self\.embed_positions\.weight = Weight\(.*?\n        \)"
EMBEDDING = "self.embed_positions = nn.Embedding(n_ctx, n_state, dtype, device)"


def with_hugging_faces_names(encoder: Path) -> Path:
    """Renames what a copy of the encoder consists of, in place."""
    text = renamed(encoder.read_text())
    text = re.sub(MLP, r"self.fc1 = \1\n        self.fc2 = \2", text, flags=re.DOTALL)
    encoder.write_text(re.sub(TABLE, EMBEDDING, text, flags=re.DOTALL))
    return encoder


def renamed(text: str) -> str:
    """Some lines of the encoder with the other names."""
    for name, other in RENAMED.items():
        text = re.sub(re.escape(name) + r"(?!\w)", other, text)
    return text
