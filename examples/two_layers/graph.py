"""The network as a MAX graph: the port. Break a line, save, and look at the debugger."""

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops


class Linear(nn.Module):
    def __init__(self, n_in: int, n_out: int, device: DeviceRef) -> None:
        super().__init__()
        self.weight = Weight("weight", DType.float32, (n_out, n_in), device)
        self.bias = Weight("bias", DType.float32, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return x @ self.weight.T + self.bias


class Network(nn.Module):
    def __init__(self, n_in: int, n_hidden: int, device: DeviceRef) -> None:
        super().__init__()
        self.grow = Linear(n_in, n_hidden, device)
        self.shrink = Linear(n_hidden, n_in, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        x = self.grow(x)
        x = ops.gelu(x)
        return self.shrink(x)
