"""What all nets are made with: the shape of a sample, and batch normalisation for any batch."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn import functional

Shape = tuple[int, ...]
"""The shape of one sample: (channels, height, width) or (features,)."""
BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
"""What keeps running statistics; PyTorch's common base of them is private."""


class BatchNorm(nn.BatchNorm2d):
    """`BatchNorm2d` that falls back on its running statistics when a batch has no statistics.

    PyTorch refuses to train on a batch of one sample whose map is 1x1, since its variance is not
    defined. Such a batch is normalised as in evaluation, and leaves the running statistics alone.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalise `inputs` of shape (batch, channels, height, width)."""
        if self.training and inputs.numel() == inputs.shape[1]:
            return functional.batch_norm(
                inputs, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(inputs)

    def scaled(self, inputs: Tensor, scale: Tensor) -> Tensor:
        """Return `scale`, a number, times the normalised `inputs`, in one pass over them.

        The number is repeated, not expanded: PyTorch's gradient of an expanded one is wrong.
        """
        if self.training and inputs.numel() == inputs.shape[1]:
            return self.forward(inputs) * scale
        batch = self.training or self.running_mean is None
        tracked = self.track_running_stats or not batch
        return functional.batch_norm(
            inputs,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            scale.repeat(self.num_features),
            None,
            batch,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )


@contextmanager
def still_statistics(net: nn.Module) -> Iterator[None]:
    """Leave the running statistics of a net's normalisations as they are, in training, too."""
    tracking = [
        module
        for module in net.modules()
        if isinstance(module, BATCH_NORMS) and module.track_running_stats
    ]
    for module in tracking:
        module.track_running_stats = False
    try:
        yield
    finally:
        for module in tracking:
            module.track_running_stats = True


def image_shape(what: str, shape: Shape) -> tuple[int, int, int]:
    """Return the shape of an image, for whatever takes images only.

    Raises:
        ValueError: it is not (channels, height, width).
    """
    if len(shape) != 3:
        raise ValueError(f"{what} takes samples of shape (channels, height, width), got {shape}")
    return shape[0], shape[1], shape[2]
