"""Whisper's encoder as a MAX graph with the names of Hugging Face's ``WhisperEncoder``.

The scale is on the query alone, a convolution is one product over all of its taps, and
each residual is kept by name, as in ``modeling_whisper.py``.
"""

from functools import reduce

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

SPAN = 300
"""Positions that are summed in one chain: MAX rounds too much over all 1500."""


class Projection(nn.Module):
    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (n_out, n_in), device)
        self.bias = Weight("bias", dtype, (n_out,), device) if bias else None

    def __call__(self, hidden_states: TensorValue) -> TensorValue:
        output = ops.matmul(hidden_states, ops.transpose(self.weight, 0, 1))
        if self.bias is not None:
            output = ops.add(output, self.bias)
        return output


class LayerNorm(nn.Module):
    def __init__(self, embed_dim: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.eps = 1e-5
        self.weight = Weight("weight", dtype, (embed_dim,), device)
        self.bias = Weight("bias", dtype, (embed_dim,), device)

    def __call__(self, hidden_states: TensorValue) -> TensorValue:
        return ops.layer_norm(hidden_states, self.weight, self.bias, self.eps)


class Convolution(nn.Module):
    """Over time, with a kernel of 3 and a frame of padding on either side."""

    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, stride: int = 1
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = Weight("weight", dtype, (3, n_in, n_out), device)
        self.bias = Weight("bias", dtype, (n_out,), device)

    def __call__(self, frames: TensorValue) -> TensorValue:
        length = int(frames.shape[1])
        padded = ops.pad(frames, [0, 0, 1, 1, 0, 0])
        taps = [padded[:, k : k + length : self.stride] for k in range(3)]
        windows = ops.concat(taps, axis=-1)  # (batch, length / stride, 3 * n_in)
        kernel = ops.flatten(self.weight, 0, 1)  # (3 * n_in, n_out)
        return windows @ kernel + self.bias


class WhisperAttention(nn.Module):
    def __init__(
        self, embed_dim: int, num_heads: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads
        self.scaling = self.head_dim**-0.5
        self.k_proj = Projection(embed_dim, embed_dim, dtype, device, bias=False)
        self.v_proj = Projection(embed_dim, embed_dim, dtype, device)
        self.q_proj = Projection(embed_dim, embed_dim, dtype, device)
        self.out_proj = Projection(embed_dim, embed_dim, dtype, device)

    def split_heads(self, states: TensorValue) -> TensorValue:
        """(batch, length, embed_dim) as (batch, head, length, head_dim)."""
        batch, length, _ = states.shape
        states = states.reshape((batch, length, self.num_heads, self.head_dim))
        return ops.transpose(states, 1, 2)

    def __call__(self, hidden_states: TensorValue) -> TensorValue:
        batch, length, embed_dim = hidden_states.shape
        query_states = self.split_heads(self.q_proj(hidden_states) * self.scaling)
        key_states = self.split_heads(self.k_proj(hidden_states))
        value_states = self.split_heads(self.v_proj(hidden_states))

        attn_weights = query_states @ ops.transpose(key_states, 2, 3)
        attn_weights = ops.softmax(attn_weights, axis=-1)
        attn_output = self.weighted_sum(attn_weights, value_states)
        attn_output = ops.transpose(attn_output, 1, 2)
        attn_output = attn_output.reshape((batch, length, embed_dim))
        return self.out_proj(attn_output)

    def weighted_sum(self, weights: TensorValue, values: TensorValue) -> TensorValue:
        last = int(values.shape[2])
        spans = [slice(n, min(n + SPAN, last)) for n in range(0, last, SPAN)]
        return reduce(ops.add, [weights[:, :, :, s] @ values[:, :, s] for s in spans])


class WhisperEncoderLayer(nn.Module):
    def __init__(
        self, embed_dim: int, num_heads: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.self_attn = WhisperAttention(embed_dim, num_heads, dtype, device)
        self.self_attn_layer_norm = LayerNorm(embed_dim, dtype, device)
        self.fc1 = Projection(embed_dim, 4 * embed_dim, dtype, device)
        self.fc2 = Projection(4 * embed_dim, embed_dim, dtype, device)
        self.final_layer_norm = LayerNorm(embed_dim, dtype, device)

    def __call__(self, hidden_states: TensorValue) -> TensorValue:
        residual = hidden_states
        hidden_states = self.self_attn_layer_norm(hidden_states)
        hidden_states = self.self_attn(hidden_states)
        hidden_states = residual + hidden_states

        residual = hidden_states
        hidden_states = self.final_layer_norm(hidden_states)
        hidden_states = ops.gelu(self.fc1(hidden_states))
        hidden_states = self.fc2(hidden_states)
        hidden_states = residual + hidden_states
        return hidden_states


class WhisperEncoder(nn.Module):
    def __init__(
        self,
        num_mel_bins: int,
        max_source_positions: int,
        d_model: int,
        encoder_attention_heads: int,
        encoder_layers: int,
        dtype: DType,
        device: DeviceRef,
    ) -> None:
        super().__init__()
        self.conv1 = Convolution(num_mel_bins, d_model, dtype, device)
        self.conv2 = Convolution(d_model, d_model, dtype, device, stride=2)
        self.embed_positions = nn.Embedding(max_source_positions, d_model, dtype, device)
        self.layers = nn.LayerList(
            [
                WhisperEncoderLayer(d_model, encoder_attention_heads, dtype, device)
                for _ in range(encoder_layers)
            ]
        )
        self.layer_norm = LayerNorm(d_model, dtype, device)

    def __call__(self, input_features: TensorValue) -> TensorValue:
        """Encodes a log-mel spectrogram, (batch, num_mel_bins, 2 * positions)."""
        frames = ops.transpose(input_features, 1, 2)  # channels last
        inputs_embeds = ops.gelu(self.conv1(frames))
        inputs_embeds = ops.gelu(self.conv2(inputs_embeds))
        hidden_states = inputs_embeds + self.embed_positions.weight

        for encoder_layer in self.layers:
            hidden_states = encoder_layer(hidden_states)

        return self.layer_norm(hidden_states)  # pyright: ignore[reportArgumentType]
