"""What raynas uses of Ray that Ray keeps private or documents nowhere; no other module may.

Ray Train's are in `ray_train_private`. Each entry says what it is for, and what to use once Ray
publishes it. tests/test_private_names.py fails where Ray has moved one.
"""

import inspect
import json
import pickle
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import ray
from ray._private import services, utils
from ray._private.node import Node
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply  # type: ignore[attr-defined]  # it is made at run time
from ray.experimental.internal_kv import _internal_kv_get, internal_kv_get_gcs_client
from ray.util.placement_group import placement_group, remove_placement_group

PRELOAD = "RAY_preload_python_modules"
"""Names what idle workers import beforehand. Instead: `ray.init`, when it takes that."""
LOOPBACK_ONLY: dict[str, Any] = {"_node_ip_address": "127.0.0.1"}
"""What `ray.init` takes to let nobody in from another machine. Instead: an option of its own."""
RAYS_WORKER_SCRIPT = str(Path(services.__file__).parent / "workers" / "setup_worker.py")
"""What Ray runs for each worker, with the arguments of the worker. Instead: a hook of Ray's."""
QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",  # no tables of Tune's own
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # no warning about it
}
"""Silences Tune where `verbose=0` does not. Instead: that, when it does."""

NODE_DIED = "its node has died"
LOW_MEMORY = "running low on memory"
IN_CREATION = "in its creation task"
"""What the errors of lost workers say of why. Instead: attributes or classes of these errors."""

REFUSED = "InvalidAuthToken"
"""What a refused connection's cause has in it. Instead: an error of its own from `ray.init`."""

GONE_WITHIN_S = 5.0
"""How long the ends of workers that were killed are waited for."""
ANSWERS_WITHIN_S = 30.0
"""How long the autoscaler is given to answer; it looks every 5 seconds."""
_STATUS = "__autoscaling_status"
"""Where the older autoscaler writes what it does."""
_NODE = re.compile("node_[0-9a-f]{40,}")
"""Ray's name for the type of a node in a cluster that nobody scales."""

# Ray's own processes. Instead: `ray.init`, when it starts them so.


@contextmanager
def own_session(
    *,
    loopback: bool,
    starts_within_s: float,
    watch: Callable[[int], object] = lambda pid: None,
    worker_script: str = RAYS_WORKER_SCRIPT,
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Start Ray's processes in sessions of their own: signals to our group do not reach them.

    They end with this process all the same, or by `ray.shutdown`. Yields those that are started,
    and has each one's number watched from its start: what it starts itself may not end with it.
    With `loopback`, `LOOPBACK_ONLY` is taken by its word, and not for the address of this machine.
    What raylet is there within so many seconds is waited for; later a TimeoutError is raised.
    Each worker is started by `worker_script`, with the arguments that Ray's own takes.

    What one machine does not need is not started, and not waited for: the dashboard's server, which
    is there to report usage where no dashboard is wanted, an autoscaler, and all of the dashboard's
    agent that Ray without its extras has not.
    """
    where: Any = services
    start, get_node, start_raylet = where.ConsolePopen, where.get_node, where.start_raylet
    begun = time.monotonic()
    arguments_of = inspect.signature(start_raylet)
    started: list[subprocess.Popen[bytes]] = []

    def start_in_session(*arguments: Any, **options: Any) -> Any:
        process = start(*arguments, **options, start_new_session=True)
        started.append(process)
        watch(process.pid)
        return process

    def wait_for_node(*arguments: Any, **options: Any) -> Any:
        while True:
            try:
                return get_node(*arguments, **options)
            except RuntimeError as error:
                if time.monotonic() > begun + starts_within_s:
                    raise TimeoutError("it does not answer") from error
                time.sleep(0.1)

    def start_with_script(*arguments: Any, **options: Any) -> Any:
        bound = arguments_of.bind(*arguments, **options).arguments
        return start_raylet(**bound | {"setup_worker_path": worker_script})

    with ExitStack() as stack:
        for where, name, instead in (
            (services, "ConsolePopen", start_in_session),
            (services, "get_node", wait_for_node),
            (services, "start_raylet", start_with_script),
            (services, "start_api_server", lambda *_, **__: (None, None)),
            (Node, "start_monitor", lambda node: None),
            (utils, "get_dashboard_dependency_error", lambda: "they are not used"),
        ):
            stack.enter_context(_replaced(where, name, instead))
        if loopback:
            stack.enter_context(_replaced(services, "resolve_ip_for_localhost", lambda host: host))
        yield started


@contextmanager
def _replaced(where: Any, name: str, instead: object) -> Iterator[None]:
    before = getattr(where, name)
    setattr(where, name, instead)
    try:
        yield
    finally:
        setattr(where, name, before)


class KeptSignal:
    """Gives SIGUSR1 back, which Tune takes whatever it is told. Instead: an option of Tune's."""

    def __init__(self) -> None:
        """Keep what the signal does now."""
        self._handler = signal.getsignal(signal.SIGUSR1)

    def give_back(self) -> None:
        """Let it do that again, once Tune's loop has begun."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGUSR1, self._handler)


KEEPS_IDLE = {"RAY_idle_worker_killing_time_threshold_ms": "60000"}
"""Has idle workers wait so long for a trial. Otherwise one second, when no CPU is free: a trial's
placement group takes its CPUs just before its worker is asked for. Instead: a way to lease them."""
LATER = {"RAY_prestart_worker_first_driver": "0"}
"""Has `ray.init` start no workers: it waits for them, and lets no other thread run meanwhile."""
NO_FORK = {"PL_DISABLE_FORK": "1"}
"""What Tune wants in the environment of a worker that Lightning trains in."""


@contextmanager
def workers_that_are_there() -> Iterator[None]:
    """Let Tune take idle workers: they have its `NO_FORK`, for which it starts new ones otherwise.

    Instead: an option of Tune's for the runtime environment of trials.
    """
    from ray.tune.execution.class_cache import _ActorClassCache  # takes a second to load

    def get(cache: Any, trainable: Any) -> Any:
        if trainable not in cache._cache:
            cache._cache[trainable] = ray.remote(trainable)
        return cache._cache[trainable]

    with _replaced(_ActorClassCache, "get", get):
        yield


# Tune's trials and its loop. Instead: a callback that is told a trial's error, and a scheduler that
# is given the trials which are pending.


def kill_worker(trial: Any) -> list[Any]:
    """End the worker of a trial of Tune's at once, if it has one; return it."""
    actor = trial.temporary_state.ray_actor
    if actor is None:
        return []
    ray.kill(actor)
    return [actor]


def wait_until_gone(workers: list[Any]) -> None:
    """Wait for the ends of workers that were killed, but not for long."""
    if workers:
        ready = [worker.__ray_ready__.remote() for worker in workers]  # fails when it is gone
        ray.wait(ready, num_returns=len(ready), timeout=GONE_WITHIN_S)


def error_of(trial: Any) -> Exception | None:
    """Return what a trial has just died of, from the driver's disk: Tune keeps it nowhere else."""
    path = trial.pickled_error_file
    if path is None:
        return trial.get_error()  # type: ignore[no-any-return]  # it has no types
    with open(path, "rb") as file:
        return pickle.load(file)  # type: ignore[no-any-return]  # Tune pickled an exception


def pending_trials(tune_controller: Any) -> Iterable[Any]:
    """Yield the trials that wait for a worker and have none that is being started for them.

    The finished ones are not looked at.
    """
    workers = tune_controller._trial_to_actor
    live = tune_controller.get_live_trials()
    return (trial for trial in live if trial.status == trial.PENDING and trial not in workers)


# The autoscaler: whether it runs, and whether it can bring what a trial needs. The one that
# `ray up` starts (v2) keeps a state in Ray's control store that also names the demands no node can
# meet; the older one (v1) writes a text of what it does, which does not. Instead: nothing yet.


def autoscales() -> bool:
    """Whether an autoscaler runs that can bring nodes."""
    status: Any = json.loads(_internal_kv_get(_STATUS) or "{}")
    types = list(status.get("autoscaler_report", {}).get("active_nodes", {}))
    reply = _status()
    if reply.autoscaling_state.autoscaler_state_version:
        types += [node.ray_node_type_name for node in reply.cluster_resource_state.node_states]
    return any(name and not _NODE.fullmatch(name) for name in types)


def cannot_bring(workers: list[dict[str, float]]) -> bool:
    """Ask the autoscaler for room for the workers of a trial; whether it says that there is none.

    What it can bring, it begins to bring. The older one says nothing; that is no "no".
    """
    group = placement_group(workers)
    name = group.id.hex()
    end, asked = time.monotonic() + ANSWERS_WITHIN_S, None
    try:
        while time.monotonic() < end and not group.wait(0.5):
            reply = _status()
            state, answer = reply.cluster_resource_state, reply.autoscaling_state
            if not answer.autoscaler_state_version:
                break
            if asked is None and _has(name, state.pending_gang_resource_requests):
                asked = state.cluster_resource_state_version
            if asked is not None and answer.last_seen_cluster_resource_state_version >= asked:
                return _has(name, answer.infeasible_gang_resource_requests)
    finally:
        remove_placement_group(group)
    return False


def _has(group: str, requests: Any) -> bool:
    """Whether a placement group is among these requests."""
    return any(group in request.details for request in requests)


def _status() -> Any:
    client: Any = internal_kv_get_gcs_client()  # type: ignore[no-untyped-call]  # it has no types
    return GetClusterStatusReply.FromString(client.get_cluster_status())
