"""How a run ends before its time: it fails, or is told to (by Ctrl-C, a batch system, …)."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""Ctrl-C; `timeout`, SLURM, systemd, Kubernetes; a closed terminal; SLURM's --signal=USR1@60."""


class RunFailed(RuntimeError):  # noqa: N818 (reads as what happened)
    """What was asked for could not be done, as when not one candidate could be trained."""


class Signalled(KeyboardInterrupt):
    """A signal came that ends what is going on; `announce`: that is still to be said."""

    def __init__(self, number: int, *, announce: bool = True) -> None:
        """Keep the signal's number."""
        super().__init__()
        self.number, self.announce = number, announce


@contextlib.contextmanager
def meanwhile(work: Callable[[threading.Event], object]) -> Iterator[None]:
    """Let `work` go on in a thread until this ends: an event tells it so, and it is waited for."""
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def exit_code(number: int) -> int:
    """Return what a command ends with that a signal has ended: 130 for Ctrl-C, else 143."""
    return 130 if number == signal.SIGINT else 143


def interrupt(number: int) -> NoReturn:
    """End at once.

    Raises:
        Signalled: always.
    """
    raise Signalled(number)


@contextlib.contextmanager
def handled(handle: Callable[[int], object]) -> Iterator[None]:
    """Have `handle` called with the number of each signal that is to end this process.

    Only a main thread can; in others nothing changes. Who started us with `nohup` has SIGHUP
    ignored still.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    wanted = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {n: signal.signal(n, lambda number, frame: handle(number)) for n in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def interruptible(stopped: threading.Event, tell: Callable[[int], object]) -> Iterator[None]:
    """Set `stopped` when a signal comes, and say which; a second Ctrl-C ends what goes on at once.

    Batch systems and terminals send more than one, so others are no reason to hurry.
    """

    def handle(number: int) -> None:
        if not stopped.is_set():
            tell(number)
            stopped.set()
        elif number == signal.SIGINT:
            interrupt(number)

    with handled(handle):
        yield
