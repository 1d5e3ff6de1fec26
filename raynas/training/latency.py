"""Measuring a candidate's latency where it is trained."""

from pytorch_lightning import Callback, LightningModule, Trainer

from raynas.nets import measure_latency
from raynas.training.report import Metrics


class LatencyProbe(Callback):
    """Adds "latency_ms" to a net's cost as its training begins, when it is on its device."""

    def __init__(self, cost: Metrics, input_shape: tuple[int, ...]) -> None:
        """Measure single samples of `input_shape`; `cost` is what every epoch reports."""
        self._cost, self._input_shape = cost, input_shape

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure; nothing of the training changes."""
        net = pl_module.get_submodule("net")
        self._cost["latency_ms"] = measure_latency(net, self._input_shape)
