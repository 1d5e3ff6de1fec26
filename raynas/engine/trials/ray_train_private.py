"""What raynas uses of Ray Train that Ray keeps private or documents nowhere; no other module may.

Apart from `ray_private`, since it loads PyTorch and Ray Data, which few runs need at the start.
"""

from typing import Any

from ray.train.torch import TorchConfig

GROUP_START_TIMEOUT = "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S"
"""How long Ray Train waits for the room of its workers. Instead: `ScalingConfig`."""

# Ray Train's workers. Instead: a hook of `TorchConfig`, and errors that hold what a worker raised.

_Backend: Any = TorchConfig().backend_cls


class _PreparingBackend(_Backend):  # type: ignore[misc]  # a class that Ray has no name for
    def on_start(self, worker_group: Any, backend_config: "PreparedTorch") -> None:
        worker_group.execute(backend_config.prepare)
        super().on_start(worker_group, backend_config)


class PreparedTorch(TorchConfig):
    """Has each worker call `prepare` before PyTorch joins them."""

    @staticmethod
    def prepare() -> None:
        """Do nothing; a subclass does."""

    @property
    def backend_cls(self) -> Any:
        """Return what starts the workers."""
        return _PreparingBackend


def worker_errors(error: Exception) -> list[Exception]:
    """Return what the workers of a training raised; where one is gone, Ray Train's own error."""
    failures = getattr(error, "worker_failures", {}).values()
    return [getattr(failure, "_base_exc", failure) for failure in failures]


def loss_of(error: Exception) -> Exception:
    """Return why Ray Train takes a worker for lost; any other error is returned as it is."""
    return getattr(error, "health_check_failure", error)
