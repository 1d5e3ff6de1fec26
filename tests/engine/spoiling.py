"""What a candidate can do to its process, each in a fork of this one; prints what is said of it."""

import builtins
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psutil
import torch
from torch import nn

from raynas.engine.trials.worker_state import WorkerSpentError, WorkerState

USERS = """
import random
from itertools import count

import numpy as np

names, numbers, rng, python_rng = [["a"]], count(), np.random.default_rng(0), random.Random(0)
lazily, table = None, {"a": 1}


def function(calls=[]):
    calls.append(1)


class Kind:
    made = 0
"""
SLEEP, SHELL = "/bin/sleep", "/bin/sh"
KEPT: list[Any] = []
USER: dict[str, Any] = {"__name__": "mine"}


def set_lazily() -> None:
    USER["lazily"], USER["new"] = [1, 2, 3], 5


def do_nothing(*_: Any) -> None:
    return None


SPENT: dict[str, Callable[[], object]] = {
    "a new method": lambda: setattr(nn.Linear, "__call__", nn.Identity.forward),
    "a method of its library": lambda: setattr(nn.Linear, "forward", nn.Identity.forward),
    "a function": lambda: setattr(torch, "relu", torch.tanh),
    "a builtin": lambda: setattr(builtins, "len", lambda x: 3),
    "a module": lambda: sys.modules.update({"torch.nn.functional": types.ModuleType("f")}),
    "a global hook": lambda: nn.modules.module.register_module_forward_hook(do_nothing),
    "a thread": lambda: threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start(),
    "a busy pool": lambda: KEPT.append(ThreadPoolExecutor(1).submit(lambda: time.sleep(10**6))),
    "memory": lambda: KEPT.append(np.ones(200_000_000)),
    "open files": lambda: KEPT.extend(os.open(os.devnull, 0) for _ in range(300)),
    "a list": lambda: USER["names"][0].append("b"),
    "a table": lambda: USER["table"].update(a=2),
    "a generator": lambda: USER["rng"].random(),
    "Python's generator": lambda: USER["python_rng"].random(),
    "a default argument": lambda: USER["function"](),
    "an attribute": lambda: setattr(USER["Kind"], "made", 5),
    "a counter": lambda: next(USER["numbers"]),
}
KEPT_AS_IT_WAS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "what is made when it is needed": set_lazily,
    "a pool that waits": lambda: KEPT.append(ThreadPoolExecutor(1).submit(do_nothing).result()),
    "a thread that ends": lambda: threading.Thread(target=time.sleep, args=(0.2,)).start(),
    "an optimiser": lambda: torch.optim.Adam(nn.Linear(2, 2).parameters()),
    "a process": lambda: subprocess.Popen([SLEEP, "1000000"]),
    "a process that will not end": lambda: subprocess.Popen(
        [SHELL, "-c", "trap '' TERM; sleep 99"]
    ),
    "threads": lambda: torch.set_num_threads(3),
    "the recursion limit": lambda: sys.setrecursionlimit(5000),
    "a handler of signals": lambda: signal.signal(signal.SIGALRM, signal.SIG_IGN),
    "the random state": lambda: random.seed(1),
}


def said_of(spoil: Callable[[], object]) -> str:
    exec(USERS, USER)  # noqa: S102 (as a module is)
    torch.set_num_threads(1)
    before = [torch.get_num_threads(), sys.getrecursionlimit()]
    state = WorkerState(lambda: {"mine": USER})
    state.restore()
    spoil()
    try:
        state.restore()
    except WorkerSpentError as error:
        return str(error)
    after = [torch.get_num_threads(), sys.getrecursionlimit()]
    left = psutil.Process().children()
    return "" if before == after and not left else f"{after} {left}"


def in_a_fork(spoil: Callable[[], object]) -> str:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            words = said_of(spoil)
        except BaseException as error:
            words = repr(error)
        os.write(write, words.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        words = file.read()
    os.waitpid(child, 0)
    return words


if __name__ == "__main__":
    kinds = {"spent": SPENT, "kept": KEPT_AS_IT_WAS}
    print(json.dumps({k: {n: in_a_fork(s) for n, s in v.items()} for k, v in kinds.items()}))
