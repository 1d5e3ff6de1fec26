"""The Ray that a run works on, its own or a cluster that it joins, and what has room there."""

import contextlib
import logging
import math
import os
import socket
import time
from collections.abc import Callable, Iterator

import ray

from raynas.engine.local_ray.own_ray import RayProcesses, RaySoon, start_ray
from raynas.engine.ray_private import REFUSED, autoscales, cannot_bring
from raynas.options.run_options import RunOptions

_ANSWERS_WITHIN_S = 10.0
"""How long a head node may take to answer; Ray itself would try for a quarter of an hour."""
_LOOK_EVERY_S = 1.0
"""How old what is known of the cluster's nodes may be."""


@contextlib.contextmanager
def joined(
    address: str | None,
    say: Callable[[str], object] = lambda words: None,
    soon: RaySoon | None = None,
) -> Iterator[RayProcesses]:
    """Use a Ray: the one at `address` or in RAY_ADDRESS, else one initialised already, else a new.

    A new one may have begun to start `soon`. A Ray job's own RAY_ADDRESS is the cluster that it was
    submitted to. Yields the processes of a new one, none of another.

    Raises:
        ValueError: there is no cluster at the address, or it cannot be joined.
        RunFailed: a new one does not start.
    """
    wanted = address or os.environ.get("RAY_ADDRESS") or "local"
    if wanted == "auto":
        wanted = os.environ.get("RAY_ADDRESS") or wanted  # as Ray reads it
    if wanted not in ("auto", "local"):
        _check_answers(wanted)
    if soon is None and ray.is_initialized():
        if address:
            raise ValueError(f"address {address!r}: this process has joined a Ray already")
        yield RayProcesses()
        return
    if wanted == "local":
        processes = soon.processes(say) if soon else start_ray(say)
    else:
        try:
            ray.init(address=wanted, logging_level=logging.ERROR, log_to_driver=True)
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise _cannot_join(wanted, error) from error
        processes = RayProcesses()
    try:
        yield processes
        processes.hear_out()
    finally:
        ray.shutdown()
        processes.close()


def _check_answers(address: str) -> None:
    """Raise ValueError where the address is none, or nobody answers there."""
    host, colon, port = address.rpartition(":")
    if "/" in address or not (host and colon and port.isdecimal()):
        raise ValueError(
            f"address {address!r}: expected auto, or HOST:PORT of the head node (to search from a "
            "machine outside the cluster: ray job submit)"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWERS_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise _cannot_join(address, error) from error


def _cannot_join(address: str, error: Exception) -> ValueError:
    reason = " ".join(str(error).split()).partition(". ")[0][:300]
    if REFUSED in str(error.__cause__):
        reason = "the cluster has token authentication, and this is not its token"
    return ValueError(
        f"address {address!r}: no Ray cluster can be joined there: {reason}; expected auto (the "
        "cluster that this machine is part of) or HOST:PORT of the head node, and the cluster's "
        "token, where it has one, in RAY_AUTH_TOKEN or ~/.ray/auth_token, with RAY_AUTH_MODE=token"
    )


class Room:
    """How many trials of a run the cluster can hold at a time, now and after it has changed."""

    def __init__(self, config: RunOptions) -> None:
        """Look at the cluster that has been joined."""
        self._config = config
        self._looked = -math.inf
        self._trials = 0
        self._scales = False

    def trials(self) -> int:
        """Return how many trials to start at a time; follows nodes that come and go.

        Where Ray's autoscaler runs, that is twice what has room, so that it brings more. Never
        less than one: a trial that has no place waits for it.
        """
        if time.monotonic() - self._looked > _LOOK_EVERY_S:
            self._trials, self._scales = self.now(), autoscales()
            self._looked = time.monotonic()
        return max(1, 2 * self._trials if self._scales else self._trials)

    def now(self) -> int:
        """Count the trials that the nodes which are there can hold."""
        nodes = ray.nodes()  # type: ignore[no-untyped-call]  # it has no types
        fitting = sum(self._fitting(node["Resources"]) for node in nodes if node["Alive"])
        return fitting // self._config.workers_per_trial

    def check(self) -> str | None:
        """Return what to tell the user where there is no room yet, but may be.

        Raises:
            ValueError: no node has what a trial needs, and none can come.
        """
        if self.now():
            return None
        config = self._config
        workers = config.workers_per_trial
        needs = f"{config.cpus_per_trial:g} CPUs and {config.gpus_per_trial:g} GPUs"
        needs += " on one node" if workers == 1 else f" for {workers} workers"
        if autoscales():
            cpus, gpus = worker_share(config)
            if cannot_bring([{"CPU": cpus, **({"GPU": gpus} if gpus else {})}] * workers):
                raise ValueError(
                    f"a trial needs {needs}, which the autoscaler cannot bring: no type of node "
                    "has that, or the cluster is as large as it may be; lower --cpus-per-trial or "
                    "--gpus-per-trial"
                )
            return f"No node has room for a trial yet ({needs}); waiting for the autoscaler."
        has = ray.cluster_resources()  # type: ignore[no-untyped-call]  # it has no types
        raise ValueError(
            f"a trial needs {needs}, more than there is room for (all nodes together have "
            f"{has.get('CPU', 0):g} CPUs, {has.get('GPU', 0):g} GPUs); lower --cpus-per-trial or "
            "--gpus-per-trial"
        )

    def _fitting(self, has: dict[str, float]) -> int:
        """Count the workers that one node can hold."""
        cpus, gpus = worker_share(self._config)
        places = has.get("CPU", 0.0) / cpus
        if gpus:
            places = min(places, _packed(has.get("GPU", 0.0), gpus))
        return int(places + 1e-9)


def worker_share(config: RunOptions) -> tuple[float, float]:
    """Return the CPUs and GPUs of one worker of a trial."""
    workers = config.workers_per_trial
    return config.cpus_per_trial / workers, config.gpus_per_trial / workers


def _packed(gpus: float, share: float) -> float:
    """Count the shares that whole GPUs hold: a trial's fraction lies on one GPU."""
    return gpus / share if share >= 1 else gpus * math.floor(1 / share + 1e-9)
