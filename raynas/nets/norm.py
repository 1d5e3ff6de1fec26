"""Batch normalisation that also trains on a single value a channel."""

from torch import Tensor, nn
from torch.nn import functional


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
