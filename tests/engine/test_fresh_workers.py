"""What a trial leaves in its worker does not reach the next one there."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

from run_cases import facts, record, write_space
from torch import nn

import raynas

COUNTER = '''"""A user's module that keeps things."""
built = 0
'''

SPACE = '''"""Nets that, when they have been trained, spoil the worker, each in another way."""
import json
import os
import subprocess
import sys
import random
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

import counter
from raynas.space import Choice, Record

SPOILS = Path("spoils.txt").read_text() == "yes"
"""The working directory is the user's."""
MADE = []


def clean(self, x):
    return nn.functional.linear(x, self.weight * 0.5, self.bias)


def count():
    counter.built += 5
    MADE.append(1)


KINDS = {
    "patched as it is built": lambda: None,
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "threads": lambda: torch.set_num_threads(7),
    "determinism": lambda: torch.use_deterministic_algorithms(True),
    "directory": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(WIDER="yes"),
    "path": lambda: sys.path.insert(0, "elsewhere"),
    "random state": lambda: (random.seed(1), np.random.seed(1), torch.manual_seed(1)),
    "standard output": lambda: setattr(sys, "stdout", None),
    "a gigabyte": lambda: [print("x" * 1000000) for _ in range(30)],
    "its own space": lambda: MADE.append(1),
    "a process": lambda: subprocess.Popen(["sleep", "1000000"]),
    "warnings": lambda: warnings.simplefilter("error"),
    "patched method": lambda: setattr(nn.Linear, "forward", clean),
    "user's module": count,
    "nothing": lambda: None,
}

space = Record(kind=Choice(list(KINDS)))


class Net(nn.Module):
    def __init__(self, kind, inputs, outputs):
        super().__init__()
        width = 6 + counter.built + len(MADE) + 3 * ("WIDER" in os.environ)
        self.layers = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))
        self.scale = float(Path("scale.txt").read_text())
        self.kind, self.evaluated = kind, 0

    def forward(self, x):
        outputs = self.layers(x * self.scale)
        if not self.training and len(x) > 20:
            self.evaluated += 1
            if SPOILS and self.evaluated == 2:
                KINDS[self.kind]()
        return outputs


def build(value, input_shape, num_outputs):
    if SPOILS and value["kind"] == "patched as it is built":
        nn.Linear.forward = clean
    line = {"kind": value["kind"], "pid": os.getpid(), "threads": torch.get_num_threads()}
    with open("built.jsonl", "a") as file:
        file.write(json.dumps(line) + "\\n")
    return Net(value["kind"], input_shape[0], num_outputs)
'''

REPLACED = {"patched as it is built", "patched method", "user's module"}


def search(folder: Path, name: str, spoils: str) -> tuple[raynas.Run, list[dict]]:
    """Return the run, and what each of its trials saw when its network was built."""
    (folder / "counter.py").write_text(COUNTER)
    (folder / "spoils.txt").write_text(spoils)
    (folder / "scale.txt").write_text("0.5")
    run = raynas.search(
        space=write_space(folder, SPACE),
        strategy="grid",
        data="synthetic",
        trials=16,
        epochs=2,
        concurrency=1,
        name="run",
        storage=str(folder / name),
        options={"limit": 400},
    )
    lines = map(json.loads, (folder / "built.jsonl").read_text().splitlines())
    (folder / "built.jsonl").unlink()
    return run, [line for line in lines if line["pid"] != os.getpid()]


def test_each_trial_is_what_it_would_be_in_a_fresh_worker(ray_cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nn.Linear, "forward", nn.Linear.forward)  # is put back at the end
    clean, seen_clean = search(tmp_path, "clean", "no")
    spoilt, seen = search(tmp_path, "spoilt", "yes")
    assert [trial.error for trial in record(spoilt)] == [None] * 16
    # All but the first two: its own network, and an F1 that is computed in 64 bits.
    assert facts(record(spoilt))[2:] == facts(record(clean))[2:]
    best, expected = spoilt.best(), clean.best()
    assert best["number"] == expected["number"] > 1
    assert best["test"] == expected["test"], "tested in a process whose libraries are patched"
    assert {line["threads"] for line in seen} == {1}
    assert len({line["pid"] for line in seen_clean}) == 1
    followed = itertools.pairwise(seen[:16])  # the last one tests the best
    assert {a["kind"] for a, b in followed if a["pid"] != b["pid"]} == REPLACED


def test_what_cannot_be_put_back_costs_the_worker_and_what_can_does_not():
    script = Path(__file__).with_name("spoiling.py")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert {name for name, words in said["kept"].items() if words} == set()
    assert {name for name, words in said["spent"].items() if not words} == set()
    for name, words in (
        ("a method of its library", "torch.nn.modules.linear.Linear.forward is not what it was"),
        ("a thread", "thread 'Thread-1"),
        ("memory", "it holds 1.6 GB more than after its first one"),
        ("a generator", "mine.rng is not what it was"),
    ):
        assert said["spent"][name].startswith(words)
