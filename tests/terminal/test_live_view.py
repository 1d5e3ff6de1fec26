"""What is redrawn in place leaves nothing behind, however small the terminal and long the lines."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from run_cases import open_ledger, score_of, small_config, train, wait_for, write_space
from screen import Screen

from raynas.engine.ledger import Ledger
from raynas.engine.trials.trial_report import TrialReport
from raynas.runs.lock import locked
from raynas.runs.run_file import RUN_FILE, run_file
from raynas.terminal import live_view, watch
from raynas.terminal.live_view import TerminalView
from raynas.terminal.output import plain_console
from raynas.terminal.watch import watch_status

SIZES = [(80, 24), (80, 6), (37, 12)]


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return open_ledger(tmp_path, small_config(trials=40))


def console_on(screen: Screen) -> Console:
    """As the command line has it."""
    return Console(
        file=screen,
        force_terminal=True,
        width=screen.width,
        height=screen.height,
        highlight=False,
        soft_wrap=True,
        _environ={"TERM": "xterm"},
    )


@contextlib.contextmanager
def shown(screen: Screen, ledger: Ledger, **more: bool) -> Iterator[TerminalView]:
    """Show a ledger for two redrawings at least, below a line that was there before."""
    view = TerminalView(console_on(screen), **more)
    view.say("before")
    with view.watch(ledger):
        yield view
        seen = len(screen.looks)
        wait_for(lambda: len(screen.looks) > seen + 1, 20)


def start(ledger: Ledger, count: int) -> list[str]:
    """Let trials begin, and be in their first epoch."""
    started = []
    for _ in range(count):
        config = ledger.next()
        assert config is not None
        started.append(config["trial_id"])
        score = score_of(ledger.running[started[-1]].proposal.architecture)
        metrics = {"val_accuracy": score, "val_loss": 1 - score}
        ledger.note(started[-1], TrialReport(metrics=metrics, curve=[{"epoch": 1, **metrics}]))
    return started


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_of_it_stays(ledger, width, height):
    screen = Screen(width, height)
    with shown(screen, ledger) as view:
        train(ledger, 5)
        alive = start(ledger, 20)
        seen = len(screen.looks)
        wait_for(lambda: len(screen.looks) > seen, 20)
        for trial_id in alive[3:]:
            ledger.fail(trial_id, "RuntimeError: odd")
        view.say("a long line, " * 20)
        seen = len(screen.looks)
        wait_for(lambda: len(screen.looks) > seen, 20)
    words = "".join("".join(screen.lines()).split())
    counts = r"22/40trials,3running,17failed,\ds passed,about\S+left".replace(" ", "")
    assert re.fullmatch(f"before(alongline,){{20}}{counts}", words)
    for look in screen.looks:
        assert len([line for line in look if "━" in line]) <= 1
        assert len([line for line in look if line.startswith("best ")]) <= 1
    assert any("…" in line for look in screen.looks for line in look)


def test_at_80_columns_the_picture_is_whole(ledger):
    screen = Screen()
    with shown(screen, ledger):
        train(ledger, 3)
        start(ledger, 2)
    pictures = [look[1:] for look in screen.looks if look[-1].startswith("trial 4")]
    assert pictures
    picture = pictures[-1]
    assert re.match(r"[━╺╸]+ +3/40 trials, 2 running, \d s passed, about \d+ s left", picture[0])
    assert picture[1].startswith("best val_accuracy 0.")
    assert re.match(r"trial 3 +epoch 1/10 +0\.\d{4} +dense", picture[-2])
    assert max(map(len, picture)) <= 80


def test_without_a_terminal_the_time_left_follows_from_the_pace_since_the_start(
    ledger, capsys, monkeypatch
):
    monkeypatch.setattr(live_view, "PLAIN_EVERY_S", 1.0)
    with TerminalView(plain_console(sys.stdout)).watch(ledger):
        one, _ = start(ledger, 2)
        time.sleep(1.5)
        ledger.fail(one, "RuntimeError: odd")  # the first line of progress
    line, _ = [words for words in capsys.readouterr().out.splitlines() if " left" in words]
    assert line.startswith("1/40 trials, 1 running, 1 failed, ")
    minutes, seconds = re.search(r"about (?:(\d+):)?(\d+)(?: s)? left", line).groups()
    assert int(minutes or 0) * 60 + int(seconds) >= 39  # trials of more than a second


def test_what_others_print_stands_above(ledger):
    screen = Screen()
    with shown(screen, ledger, others_print=True):
        start(ledger, 2)
        print("from somewhere")
        print("and a warning", file=sys.stderr)
    assert screen.lines()[:3] == ["before", "from somewhere", "and a warning"]
    assert len(screen.lines()) == 4


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_of_a_watched_run_stays(tmp_path, monkeypatch, width, height):
    monkeypatch.setattr(watch, "EVERY_S", 0.05)
    write_space(tmp_path)
    run = tmp_path / "going"
    ledger = open_ledger(run, small_config(trials=8))
    ledger.folder.write(RUN_FILE, run_file(ledger.config).to_yaml().encode())
    screen = Screen(width, height)
    with locked(ledger.folder):
        watching = threading.Thread(target=watch_status, args=(str(run), console_on(screen)))
        watching.start()
        for _ in range(8):
            train(ledger, 1)
            time.sleep(0.3)
    watching.join(30)
    alone = Screen(width, height)
    watch_status(str(run), console_on(alone))
    assert screen.lines() == alone.lines()
    assert any(re.search("running, [2-6] of 8", " ".join(look)) for look in screen.looks)


def on_a_terminal(folder: Path, *arguments: str) -> tuple[int, Screen]:
    """Run a command on a real pseudo-terminal of 80 columns and 24 lines; its code and screen."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "raynas", *arguments],
        cwd=folder,
        stdin=its,
        stdout=its,
        stderr=its,
        env={**environment, "TERM": "xterm"},
    )
    os.close(its)
    written = b""
    with contextlib.suppress(OSError):  # that is how the end is told
        while part := os.read(ours, 4096):
            written += part
    os.close(ours)
    screen = Screen()
    screen.write(written.decode())
    return process.wait(60), screen


def test_a_search_on_a_terminal_of_80_columns(tmp_path):
    write_space(tmp_path)
    flags = ("--space=own.py", "--data=synthetic", "--strategy=random", "--trials=6")
    code, screen = on_a_terminal(tmp_path, "search", *flags, "--epochs=2", "--name=a")
    lines = screen.lines()
    assert code == 0, lines
    assert not [line for line in lines if "━" in line or "epoch 1/2" in line]
    starts = [
        "Loading", "Searching own.py", "2,000 rows of numbers", "run folder", "6/6 trials",
        "Best architecture", "architecture", "validation", "test", "parameters", "MACs", "found",
        "run folder", "report", "Next",
    ]  # fmt: skip
    places = [
        next((i for i, line in enumerate(lines) if line.startswith(start)), -1) for start in starts
    ]
    assert -1 not in places, lines
