"""The settings of a process that a trial may change, and putting them back.

A trial must be what it would be in a fresh worker, whatever the ones before it have done there.
Random generators are not among the settings: each training seeds them.
"""

import gc
import locale
import logging
import os
import resource
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch

_Setting = tuple[str, Callable[[], Any], Callable[[Any], object]]
"""Its name, what reads it and what sets it."""

_BACKENDS = {
    torch.backends.cudnn: ("enabled", "benchmark", "deterministic"),
    torch.backends.mkldnn: ("enabled",),
}
_LIMITS = ("RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_NOFILE")


def _set_environment(values: dict[str, str]) -> None:
    for name in os.environ.keys() - values.keys():
        del os.environ[name]
    os.environ.update(values)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it has been deleted
        return ""


def _deterministic() -> tuple[bool, bool]:
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warn_only


def _attribute(owner: Any, name: str) -> _Setting:
    return (
        f"{getattr(owner, '__name__', owner)}.{name}",
        lambda: getattr(owner, name),
        lambda value: setattr(owner, name, value),
    )


def _limit(name: str) -> _Setting:
    kind = getattr(resource, name)
    return name, lambda: resource.getrlimit(kind), lambda value: resource.setrlimit(kind, value)


_PYTHON: list[_Setting] = [
    ("the working directory", _working_directory, os.chdir),
    ("os.environ", lambda: dict(os.environ), _set_environment),
    ("sys.path", lambda: list(sys.path), lambda value: sys.path.__setitem__(slice(None), value)),
    *(_attribute(sys, name) for name in ("stdin", "stdout", "stderr", "argv", "excepthook")),
    _attribute(threading, "excepthook"),
    _attribute(tempfile, "tempdir"),
    ("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    ("the switch interval", sys.getswitchinterval, sys.setswitchinterval),
    ("gc.isenabled()", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    ("gc.get_threshold()", gc.get_threshold, lambda value: gc.set_threshold(*value)),
    (
        "warnings.filters",
        lambda: list(warnings.filters),
        lambda value: cast(list[Any], warnings.filters).__setitem__(slice(None), value),
    ),
    _attribute(logging.root, "level"),
    _attribute(logging.root, "handlers"),
    _attribute(logging.root.manager, "disable"),
    (
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda value: locale.setlocale(locale.LC_ALL, value),
    ),
    ("the umask", _umask, os.umask),
    *(_limit(name) for name in _LIMITS if hasattr(resource, name)),
]
_NUMBERS: list[_Setting] = [
    ("torch.get_default_dtype()", torch.get_default_dtype, torch.set_default_dtype),
    ("torch.get_num_threads()", torch.get_num_threads, torch.set_num_threads),
    (
        "torch.are_deterministic_algorithms_enabled()",
        _deterministic,
        lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
    ),
    (
        "torch.get_float32_matmul_precision()",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    (
        "torch.is_anomaly_enabled()",
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda value: torch.autograd.set_detect_anomaly(*value),
    ),
    ("torch.is_warn_always_enabled()", torch.is_warn_always_enabled, torch.set_warn_always),
    *(_attribute(where, name) for where, names in _BACKENDS.items() for name in names),
    ("np.geterr()", np.geterr, lambda value: np.seterr(**value)),
]
if hasattr(os, "sched_setaffinity"):
    _NUMBERS.append(
        (
            "the CPU affinity",
            lambda: os.sched_getaffinity(0),
            lambda value: os.sched_setaffinity(0, value),
        )
    )


class ProcessState:
    """The settings of this process as they are now."""

    def __init__(self) -> None:
        """Read them."""
        self._values = [(setting, _copy(setting[1]())) for setting in (*_PYTHON, *_NUMBERS)]

    def restore(self) -> list[str]:
        """Set what has changed to what it was; return the names of what cannot be."""
        return [setting[0] for setting, value in self._values if not _put_back(setting, value)]


@contextmanager
def kept_process_state() -> Iterator[None]:
    """Put back what is changed within, by the code of a user that has to be tried."""
    state = ProcessState()
    try:
        yield
    finally:
        state.restore()


def _put_back(setting: _Setting, value: Any) -> bool:
    _, read, write = setting
    try:
        if read() != value:
            write(_copy(value))
        return bool(read() == value)
    except Exception:
        return False


def _copy(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value
