"""What searches leave on a machine when they have ended: nothing but their run folders.

Starts and ends so many searches of two short trials, one after the other: every third is left
alone, every third is ended by SIGINT and every third by SIGKILL, at a random moment. Then it looks
for processes, shared memory and temporary files that were not there before; of Ray's session
folders the logs count as nothing.

    python scripts/check_leftovers.py [--runs 100]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

ENDS_WITHIN_S = 15.0
"""How long Ray's processes may outlive a search that was killed."""


def search(folder: str, number: int, mark: str, how: signal.Signals | None, after: float) -> int:
    """Run a search, ended by a signal if there is one; return its exit code."""
    what = (
        f"--space=mlp --data=synthetic --strategy=random --trials=2 --epochs=1 --name=run{number}"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "raynas", "search", *what.split(), "--set=limit=200"],
        cwd=folder,
        env={**os.environ, "RAYNAS_CHECK": mark, "TMPDIR": str(Path(folder, "tmp"))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if how is not None:
        time.sleep(after)
        process.send_signal(how)
    return process.wait()


def processes(mark: str) -> list[str]:
    """List the processes that were started by one of these searches."""
    left = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RAYNAS_CHECK") == mark:
                left.append(" ".join(process.cmdline())[:120])
        except psutil.Error:
            continue
    return left


def files(folder: Path) -> set[str]:
    """List the files in a folder, without Ray's logs."""
    every = (path for path in folder.rglob("*") if path.is_file() or path.is_socket())
    return {str(path) for path in every if "logs" not in path.parts}


def main() -> None:
    """Run it and say what is left."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    runs, mark, chance = parser.parse_args().runs, f"check-{uuid.uuid4()}", random.Random(0)
    shared = files(Path("/dev/shm"))  # noqa: S108 (where Ray's object store lies)
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder, "tmp")
        temporary.mkdir()
        ends: dict[str, int] = {}
        for number in range(runs):
            how = (None, signal.SIGINT, signal.SIGKILL)[number % 3]
            code = search(folder, number, mark, how, chance.uniform(1, 15))
            end = time.monotonic() + ENDS_WITHIN_S
            while processes(mark) and time.monotonic() < end:
                time.sleep(0.2)
            key = f"{how.name if how else 'left alone'}, exit code {code}"
            ends[key] = ends.get(key, 0) + 1
            print(
                f"{number + 1} of {runs}: {key}; {len(processes(mark))} processes left", flush=True
            )
        left = {
            "processes": processes(mark),
            "shared memory": sorted(files(Path("/dev/shm")) - shared),  # noqa: S108 (the same)
            "temporary files": sorted(files(temporary)),
        }
    for words, count in sorted(ends.items()):
        print(f"{count:>4}  {words}")
    for kind, names in left.items():
        print(f"{kind} left: {len(names)}" + "".join(f"\n  {name}" for name in names[:20]))


if __name__ == "__main__":
    main()
