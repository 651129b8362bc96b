"""Bugs that are planted in copies of the example ports, and what is to be said of each.

A table: where the text is replaced, then the layer whose code is wrong, a part of the line
that is to be named, and a part of the true cause, which must be among the first three. A
bug in a class that many layers share is told by the first of them. Bugs in weights are
doubts of the alignment: those are named by what is in `Bug.doubt`.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ports import copied, edited

MODULAR = "max.pipelines.architectures"


@dataclass(frozen=True)
class Bug:
    example: str
    title: str
    edits: Sequence[tuple[str, str]]
    layer: str
    line: str = ""
    """A part of the line that is named; empty where no line of the port is at fault."""
    cause: str = ""
    """A part of one of the first three causes; empty where no hypothesis is about it."""
    doubt: str = ""
    in_port: bool = False
    """Whether it is in the port's file, and not in the module's."""

    @property
    def name(self) -> str:
        return f"{self.example.split('/')[0].removesuffix('.py')}: {self.title}"


def prepared(bug: Bug, folder: Path) -> Path:
    """The broken copy's port file."""
    port = copied(bug.example, folder)
    module = "model.py"
    if bug.example == "whisper_modular.py":
        module = modulars(port, "whisper.encoder", "encoder.py")
    elif bug.example == "bert.py":
        module = modulars(port, "bert.graph", "graph.py")
        edited(
            folder, module, [("from .model_config", f"from {MODULAR}.bert.model_config")]
        )
    edited(folder, port.name if bug.in_port else module, list(bug.edits))
    return port


def modulars(port: Path, name: str, file: str) -> str:
    """Copies a file of Modular's beside the port, which imports it from there."""
    spec = find_spec(f"{MODULAR}.{name}")
    assert spec is not None and spec.origin is not None
    shutil.copy(spec.origin, port.parent / file)
    edited(
        port.parent, port.name, [(f"from {MODULAR}.{name} ", f"from {Path(file).stem} ")]
    )
    return file


GPT, CONV, WHISPER, BERT = "gpt/port.py", "conv/port.py", "whisper_modular.py", "bert.py"
UNKNOWN = "equal none of the reference: were they loaded?"

BUGS = [
    Bug(
        GPT,
        "key and value exchanged in the joined product",
        [
            ("k = self.by_head(qkv", "v = self.by_head(qkv"),
            ("v = self.by_head(qkv[..., 2", "k = self.by_head(qkv[..., 2"),
        ],
        "h.0.attn",
        "q @ k",
        "change places",
    ),
    Bug(
        GPT,
        "no mask",
        [("        scores = scores + self.causal_mask(x)\n", "")],
        "h.0.attn",
        "softmax",
        "mask is not applied",
    ),
    Bug(
        GPT,
        "mask hides a token from itself",
        [("k=1", "k=0")],
        "h.0.attn",
        "scores + self.causal_mask",
    ),
    Bug(
        GPT,
        "finite mask hides a token from itself",
        [("k=1", "k=0"), ("-np.inf", "-1e9")],
        "h.0.attn",
        "scores + self.causal_mask",
        "from itself",
    ),
    Bug(
        GPT,
        "mask shows the next token",
        [("k=1", "k=2")],
        "h.0.attn",
        "scores + self.causal_mask",
        "see one that follows",
    ),
    Bug(
        GPT,
        "norm after attention instead of before",
        [
            (
                "x + self.attention(self.attention_norm(x))",
                "self.attention_norm(x + self.attention(x))",
            )
        ],
        "h.0",
        "self.attention_norm(x + self.attention(x))",
    ),
    Bug(
        GPT,
        "residual forgotten",
        [("x = x + self.attention(", "x = self.attention(")],
        "h.0",
        "self.attention(self.attention_norm(x))",
        "not added",
    ),
    Bug(
        GPT,
        "scale forgotten",
        [(" / math.sqrt(width // self.heads)", "")],
        "h.0.attn",
        "scores + self.causal_mask",
        "factor",
    ),
    Bug(
        GPT,
        "scale of the whole width",
        [("math.sqrt(width // self.heads)", "math.sqrt(width)")],
        "h.0.attn",
        "math.sqrt",
    ),
    Bug(GPT, "GELU by erf", [(', "tanh")', ")")], "h.0", "ops.gelu", "GELU"),
    Bug(
        GPT,
        "epsilon of the norms",
        [("eps=1e-5", "eps=1e-3")],
        "h.0.ln_1",
        "attention_norm(x)",
        "epsilon 0.001",
    ),
    Bug(
        GPT,
        "positions off by one",
        [("self.positions.weight[:length]", "self.positions.weight[1 : length + 1]")],
        "model",
        "self.positions.weight",
        "row after the right one",
    ),
    Bug(
        GPT,
        "heads merged without putting the axes back",
        [(".transpose(1, 2).reshape(x.shape)", ".reshape(x.shape)")],
        "h.0.attn",
        "reshape(x.shape)",
        "axes are not put back",
    ),
    Bug(
        GPT,
        "head count",
        [
            (
                "self.heads, self.width = heads, width",
                "self.heads, self.width = 2 * heads, width",
            )
        ],
        "h.0.attn",
        "x.reshape((batch, tokens",
    ),
    Bug(
        GPT,
        "weight not transposed",
        [
            (
                'value.T if re.search(r"c_\\w+\\.weight", name)',
                'value.T if re.search(r"c_(attn|fc|proj)\\.weight", name) and "attn.c_proj" not in name',
            )
        ],
        "h.0.attn.c_proj",
        "self.out(",
        "transposed",
        in_port=True,
    ),
    Bug(
        GPT,
        "a weight forgotten",
        [
            (
                "weights[name] = weight\n",
                'weights[name] = torch.rand_like(weight) if name == "blocks.0.up.weight" else weight\n',
            )
        ],
        "h.0.mlp.c_fc",
        "self.up(",
        "",
        f"blocks.0.up's weights {UNKNOWN}",
        True,
    ),
    Bug(
        GPT,
        "another block's weights",
        [
            (
                "weights[name] = weight\n",
                'weights[name] = state["h.0.mlp.c_fc.weight"].T if name == "blocks.1.up.weight" else weight\n',
            )
        ],
        "h.1.mlp.c_fc",
        "self.up(",
        "h.0.mlp.c_fc.weight in place of",
        "blocks.1.up holds h.0.mlp.c_fc",
        True,
    ),
    Bug(
        CONV,
        "stride",
        [("stride=2, padding=1", "stride=1, padding=1")],
        "3",
        "self.second(",
    ),
    Bug(
        CONV,
        "padding",
        [("channels, dtype, padding=1", "channels, dtype, padding=0")],
        "0",
        "self.first(",
    ),
    Bug(
        CONV,
        "padding in one direction",
        [("stride=2, padding=1", "stride=2, padding=(0, 2, 0, 2)")],
        "3",
        "self.second(",
    ),
    Bug(
        CONV,
        "epsilon of the norms",
        [("self.epsilon = 1e-5", "self.epsilon = 1e-2")],
        "1",
        "x - self.mean",
        "epsilon 0.01",
    ),
    Bug(
        CONV,
        "variance instead of its root",
        [("ops.rsqrt(self.variance + self.epsilon)", "1 / (self.variance + self.epsilon)")],
        "1",
        "x - self.mean",
        "the variance is taken for its root",
    ),
    Bug(
        CONV,
        "norm and ReLU exchanged",
        [
            (
                "ops.relu(self.first_norm(self.first(images)))",
                "self.first_norm(ops.relu(self.first(images)))",
            )
        ],
        "model",
        "ops.relu(self.first",
    ),
    Bug(
        CONV,
        "ReLU forgotten",
        [
            (
                "x = ops.relu(self.second_norm(self.second(x)))",
                "x = self.second_norm(self.second(x))",
            )
        ],
        "model",
        "ops.mean",
        "ReLU is left out",
    ),
    Bug(
        CONV,
        "largest instead of mean",
        [("ops.mean(x", "ops.max(x")],
        "model",
        "ops.max",
        "largest value",
    ),
    Bug(
        CONV,
        "kernels turned",
        [("permute(2, 3, 1, 0)", "permute(3, 2, 1, 0)")],
        "0",
        "self.first(",
        "height and width of the kernel",
        in_port=True,
    ),
    Bug(
        CONV,
        "mean and variance exchanged",
        [
            ('"running_mean": "mean"', '"running_mean": "variance"'),
            ('"running_var": "variance"', '"running_var": "mean"'),
        ],
        "1",
        "self.",
        "",
        in_port=True,
    ),
    Bug(
        WHISPER,
        "scale forgotten",
        [("scores * scale", "scores")],
        "layers.0.self_attn",
        "softmax(scores)",
        "factor",
    ),
    Bug(
        WHISPER,
        "scale of the whole width",
        [("math.sqrt(1.0 / self.head_dim)", "math.sqrt(1.0 / (self.head_dim * 6))")],
        "layers.0.self_attn",
        "scores * scale",
    ),
    Bug(
        WHISPER,
        "GELU by tanh",
        [("x = ops.gelu(x)", 'x = ops.gelu(x, "tanh")')],
        "layers.0",
        "ops.gelu",
        "GELU by tanh",
    ),
    Bug(
        WHISPER,
        "no GELU after the first convolution",
        [("ops.gelu(self.conv1(input_features))", "self.conv1(input_features)")],
        "model",
        "self.conv1(",
        "GELU is left out",
    ),
    Bug(
        WHISPER,
        "positions off by one",
        [
            (
                "self.embed_positions.weight\n\n        h =",
                "ops.concat([self.embed_positions.weight[1:], self.embed_positions.weight[:1]])\n\n        h =",
            )
        ],
        "model",
        "self.embed_positions.weight",
    ),
    Bug(
        WHISPER,
        "residual forgotten",
        [("h = x + attn_out", "h = attn_out")],
        "layers.0",
        "self.attention(self.attention_norm(x))",
        "not added",
    ),
    Bug(
        WHISPER,
        "norm after the MLP",
        [("self.mlp(self.mlp_norm(h))", "self.mlp_norm(self.mlp(h))")],
        "layers.0",
        "self.fc2(x)",
        "in place of the argument",
    ),
    Bug(
        WHISPER,
        "epsilon",
        [("eps=1e-5", "eps=1e-4")],
        "layers.0.self_attn_layer_norm",
        "self.attention_norm(x)",
        "epsilon 0.0001",
    ),
    Bug(
        WHISPER,
        "head count",
        [
            ("self.n_heads = huggingface_config.n_heads", "self.n_heads = 3"),
            ("huggingface_config.encoder_attention_heads", "3"),
        ],
        "layers.0.self_attn",
        "ops.reshape(xq",
    ),
    Bug(
        WHISPER,
        "stride",
        [
            ("stride=2,", "stride=1,"),
            (
                "self.embed_positions.weight\n\n        h",
                "ops.concat([self.embed_positions.weight] * 2)\n\n        h",
            ),
        ],
        "conv2",
        "self.conv2(",
    ),
    Bug(
        WHISPER,
        "query and value exchanged by the adapter",
        [
            (
                "weights[name] =",
                "name = name.replace('wq', 'w?').replace('wv', 'wq').replace('w?', 'wv')\n        weights[name] =",
            )
        ],
        "layers.0.self_attn.q_proj",
        "self.wq(x)",
        "v_proj.weight in place of",
        "layers.0.attention.wq holds layers.0.self_attn.v_proj",
        True,
    ),
    Bug(
        BERT,
        "scale forgotten",
        [
            (
                "attention_scores = attention_scores / math.sqrt(\n            self.attention_head_size\n        )\n",
                "",
            )
        ],
        "encoder.layer.0.attention.self",
        "attention_scores + attention_mask",
        "factor",
    ),
    Bug(
        BERT,
        "mask forgotten",
        [("attention_scores = attention_scores + attention_mask\n", "")],
        "encoder.layer.0.attention.self",
        "softmax",
        "is not applied",
    ),
    Bug(
        BERT,
        "mask inverted",
        [("(1 - extended_attention_mask)", "extended_attention_mask")],
        "encoder.layer.0.attention.self",
        "attention_scores + attention_mask",
        "other way round",
    ),
    Bug(
        BERT,
        "residual forgotten",
        [
            (
                "self.layer_norm(hidden_states + input_tensor)",
                "self.layer_norm(hidden_states)",
            )
        ],
        "encoder.layer.0.attention.output",
        "self.dense(hidden_states)",
        "not added",
    ),
    Bug(
        BERT,
        "softmax over queries",
        [("ops.softmax(attention_scores)", "ops.softmax(attention_scores, axis=-2)")],
        "encoder.layer.0.attention.self",
        "softmax",
        "softmax over axis 2",
    ),
    Bug(
        BERT,
        "token types forgotten",
        [
            (
                "inputs_embeds + position_embeddings + token_type_embeddings",
                "inputs_embeds + position_embeddings",
            )
        ],
        "embeddings",
        "position_embeddings",
        "not added",
    ),
    Bug(
        BERT,
        "positions off by one",
        [("0, seq_length, dtype", "1, seq_length + 1, dtype")],
        "embeddings",
        "self.position_embeddings(position_ids)",
    ),
    Bug(
        BERT,
        "epsilon",
        [("eps=hf_config.layer_norm_eps", "eps=1e-5")],
        "embeddings.LayerNorm",
        "self.layer_norm(",
        "epsilon 1e-05",
    ),
]
