"""A trial of several workers, on any nodes: Ray Train starts them, Lightning's DDP joins them.

The trial's own process trains nothing. It waits for what rank 0 puts into a mailbox, an actor
between the two, and tells it through the same whether to stop.
"""

import asyncio
import os
import tempfile
import threading
from typing import Any

import psutil
import ray
import torch
from ray.train import FailureConfig, RunConfig, ScalingConfig, get_context
from ray.train.lightning import RayDDPStrategy, RayLightningEnvironment
from ray.train.torch import TorchTrainer

from raynas.engine.trials.printed import limited_printing
from raynas.engine.trials.ray_train_private import (
    GROUP_START_TIMEOUT,
    PreparedTorch,
    loss_of,
    worker_errors,
)
from raynas.engine.trials.trial_report import TrialReport
from raynas.engine.trials.trial_setup import Tell, TrialSetup, WorkersLostError, train
from raynas.training import Team

_SETTINGS = {
    GROUP_START_TIMEOUT: "1000000",  # the autoscaler may take its time
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # `TrialSetup.prepare` says where to be
}


class _OwnNetwork(PreparedTorch):
    """Lets workers on CPUs meet on the network that Ray's nodes share."""

    @staticmethod
    def prepare() -> None:
        """Tell gloo which interface has this node's address: it takes the one of the host's name.

        On many hosts that is the loopback, where no other host is met.
        """
        address_here = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]  # it has no types
        for name, addresses in psutil.net_if_addrs().items():
            if any(address.address == address_here for address in addresses):
                os.environ.setdefault("GLOO_SOCKET_IFNAME", name)


@ray.remote(num_cpus=0)
class _Mailbox:
    """Hands results from rank 0 to the trial, and whether to stop back."""

    def __init__(self) -> None:
        self._reports: asyncio.Queue[TrialReport | None] = asyncio.Queue()
        self._answers: asyncio.Queue[bool] = asyncio.Queue()

    async def ask(self, report: TrialReport) -> bool:
        await self._reports.put(report)
        return await self._answers.get()

    async def close(self) -> None:
        await self._reports.put(None)

    async def take(self) -> TrialReport | None:
        return await self._reports.get()

    async def answer(self, stop: bool) -> None:
        await self._answers.put(stop)


def train_together(
    setup: TrialSetup, config: dict[str, Any], tell: Tell, reported: int = 0
) -> None:
    """Train a trial with `setup.workers` workers; see `train`. `tell` is called in this process.

    They take the setup from where it is `stored`.

    Raises:
        WorkersLostError: a worker or its machine is gone; the last checkpoint is there.
        Exception: whatever the candidate raised on one of the workers.
    """
    os.environ.update(_SETTINGS)
    mailbox = _Mailbox.remote()  # type: ignore[attr-defined]  # what ray.remote makes of a class
    last: list[TrialReport] = []
    reading = threading.Thread(target=_read, args=(mailbox, tell, last), daemon=True)
    reading.start()
    share = {"CPU": setup.cpus, **({"GPU": setup.gpus} if setup.gpus else {})}
    loop_config = {"setup": setup.stored, "trial": config, "mailbox": mailbox, "reported": reported}
    with tempfile.TemporaryDirectory(prefix="raynas-train-") as scratch:
        trainer = TorchTrainer(
            _work,
            train_loop_config=loop_config,
            torch_config=_OwnNetwork(),
            scaling_config=ScalingConfig(
                num_workers=setup.workers, use_gpu=bool(setup.gpus), resources_per_worker=share
            ),
            run_config=RunConfig(
                name="trial", storage_path=scratch, failure_config=FailureConfig(max_failures=0)
            ),
        )
        try:
            trainer.fit()
        except Exception as error:
            raise _cause(error) from error
        finally:
            ray.get(mailbox.close.remote())
            reading.join()
    for report in last:  # with it the trial ends, and what it holds must be free then
        tell(report)


def _read(mailbox: Any, tell: Tell, last: list[TrialReport]) -> None:
    while (report := ray.get(mailbox.take.remote())) is not None:
        if report.ended:
            last.append(report)
        stop = report.ended or tell(report)
        ray.get(mailbox.answer.remote(stop))


def _work(loop_config: dict[str, Any]) -> None:
    """Train as one of the workers."""
    setup: TrialSetup = ray.get(loop_config["setup"])
    setup.prepare()
    context = get_context()
    strategy: Any = RayDDPStrategy
    environment: Any = RayLightningEnvironment
    team = Team(
        workers=setup.workers,
        rank=context.get_world_rank(),
        strategy=strategy(find_unused_parameters=True),  # a candidate may have some
        environment=environment(),
    )

    def tell(report: TrialReport) -> bool:
        return bool(ray.get(loop_config["mailbox"].ask.remote(report)))

    with limited_printing():
        train(setup, loop_config["trial"], tell, loop_config["reported"], team)


def _cause(error: Exception) -> Exception:
    """Return what the candidate raised; where it raised nothing, that workers were lost."""
    raised = worker_errors(error)
    for cause in raised:
        if not type(cause).__module__.startswith("ray.") and not _lost_another(cause):
            return cause
    lines = str(loss_of(raised[0]) if raised else error).strip().splitlines() or [""]
    text = " ".join(lines[-1].split())  # the first ones are a traceback
    return WorkersLostError(f"a worker died ({text[:300]})")


def _lost_another(cause: Exception) -> bool:
    """Whether a worker only says that it does not hear from another one any more."""
    return isinstance(cause, torch.distributed.DistError) or "gloo/transport" in str(cause)
