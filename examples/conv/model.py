"""A small convolutional network with channels last, as MAX's convolutions take them."""

from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops
from max.nn import Linear, Module
from max.nn.conv import Conv2d


class BatchNorm(Module):
    """In evaluation: by the mean and variance that training has left."""

    def __init__(self, channels: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        shape = (channels,)
        self.weight = Weight("weight", dtype, shape, device)
        self.bias = Weight("bias", dtype, shape, device)
        self.mean = Weight("mean", dtype, shape, device)
        self.variance = Weight("variance", dtype, shape, device)
        self.epsilon = 1e-5

    def __call__(self, x: TensorValue) -> TensorValue:
        inverse = ops.rsqrt(self.variance + self.epsilon)
        return (x - self.mean) * inverse * self.weight + self.bias


class Network(Module):
    def __init__(
        self, channels: int, classes: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.first = Conv2d(3, 3, channels, dtype, padding=1, device=device, has_bias=True)
        self.first_norm = BatchNorm(channels, dtype, device)
        self.second = Conv2d(
            3, channels, 2 * channels, dtype, stride=2, padding=1, device=device
        )
        self.second_norm = BatchNorm(2 * channels, dtype, device)
        self.head = Linear(2 * channels, classes, dtype, device, has_bias=True)

    def __call__(self, images: TensorValue) -> TensorValue:
        x = ops.relu(self.first_norm(self.first(images)))
        x = ops.relu(self.second_norm(self.second(x)))
        batch, height, width, channels = x.shape
        pooled = ops.mean(x.reshape((batch, height * width, channels)), axis=1)
        return self.head(pooled.reshape((batch, channels)))
