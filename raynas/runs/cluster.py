"""The Ray that a run works on, its own or a cluster that it joins, and what has room there."""

import contextlib
import json
import logging
import math
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import ray
from ray.experimental.internal_kv import _internal_kv_get

from raynas.runs.options import RunOptions

_PRELOAD = "raynas.runs.trial"
"""What a local Ray's idle workers import at once, all together, before the first trials come."""
_LOOK_EVERY_S = 1.0
"""How old what is known of the cluster's nodes may be."""
_AUTOSCALER_STATUS = "__autoscaling_status"
"""Where Ray's autoscaler writes what it does; Ray has no public function that tells."""
_NODE = re.compile("node_[0-9a-f]{40,}")
"""Ray's name for the type of a node in a cluster that nobody scales."""


@contextlib.contextmanager
def joined(address: str | None) -> Iterator[None]:
    """Use a Ray: the one at `address` or in RAY_ADDRESS, else one initialised already, else a new.

    A Ray job's own RAY_ADDRESS is the cluster that it was submitted to.

    Raises:
        ValueError: there is no cluster at the address, or it cannot be joined.
    """
    if ray.is_initialized():
        if address:
            raise ValueError(f"address {address!r}: this process has joined a Ray already")
        yield
        return
    wanted = address or os.environ.get("RAY_ADDRESS") or "local"
    if wanted == "local":
        os.environ.setdefault("RAY_preload_python_modules", _PRELOAD)
    try:
        ray.init(
            address=wanted,
            include_dashboard=False if wanted == "local" else None,
            logging_level=logging.ERROR,
            log_to_driver=True,
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        if wanted == "local":
            raise
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"address {wanted!r}: no Ray cluster can be joined there: {reason}; expected auto (the "
            "cluster that this machine is part of) or HOST:PORT of the head node"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


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


def autoscales() -> bool:
    """Whether an autoscaler runs that can bring nodes."""
    status: Any = json.loads(_internal_kv_get(_AUTOSCALER_STATUS) or "{}")
    types = status.get("autoscaler_report", {}).get("active_nodes", {})
    return any(not _NODE.fullmatch(name) for name in types)


def _packed(gpus: float, share: float) -> float:
    """Count the shares that whole GPUs hold: a trial's fraction lies on one GPU."""
    return gpus / share if share >= 1 else gpus * math.floor(1 / share + 1e-9)
