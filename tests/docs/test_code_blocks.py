"""Every block of code in README and docs does what it says: they run, a page's one by one.

Python blocks share their names; one whose first line is `# NAME.py` is written to that file. Lines
with `raynas` are run with few trials and epochs. A block that needs a cluster, a download or hours
has `<!-- parsed only: WHY -->` before it: there the real command line reads each `raynas` line.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blocks import FILE, LANGUAGES, PAGES, ROOT, Block, blocks_of
from command_lines import LESS, TRIALS, check, run
from trials_here import run_trials_here

import raynas
from raynas.engine.ledger import Ledger
from raynas.engine.trials.trial_setup import TrialSetup
from raynas.engine.tune_loop import run_trials
from raynas.runs.run_file import parse_run_file
from raynas.space import enumerate_all, load_space

BLOCKS = [block for page in PAGES for block in blocks_of(page)]
TUTORIAL = ROOT / "docs/tutorial.md"
EXECUTED = [
    page
    for page in PAGES
    if page != TUTORIAL
    and any(b.language in ("python", "sh") and not b.reason for b in blocks_of(page))
]
"""Pages whose trials run in this process; the tutorial's search has real workers of Ray."""


def name_of(thing: Any) -> str:
    return thing.where if isinstance(thing, Block) else str(thing.relative_to(ROOT))


@pytest.mark.parametrize("block", BLOCKS, ids=name_of)
def test_every_block_is_executed_or_parsed(block: Block) -> None:
    assert block.language in LANGUAGES, "say what language it is in"
    if block.language == "text":
        assert not block.reason
    if block.language == "python":
        compile(block.text, block.where, "exec")
    elif block.language == "yaml":
        parse_run_file(block.text, block.where).config()
    elif block.language == "sh":
        for words in block.commands():
            check(words)


def test_no_block_is_overlooked() -> None:
    """All fences of a page belong to blocks that were found."""
    for page in PAGES:
        fences = [line for line in page.read_text().splitlines() if line.lstrip().startswith("```")]
        assert len(fences) == 2 * len(blocks_of(page)), page


def test_what_is_wrong_is_seen() -> None:
    for wrong in (
        "raynas search --trails 3",
        "raynas search --set populaton=3",
        "raynas search --trials many",
        "raynas serach",
        "raynas replay --space mlp",
        "ray job submit -- raynas resume",
        "./scripts/none.sh",
        "python scripts/bench_scale.py --engines ray",
    ):
        with pytest.raises(Exception):  # noqa: B017, PT011 (of many kinds)
            check(wrong.split())


@pytest.fixture(scope="module")
def finished(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that has ended, and data, as pages take them for granted."""
    home = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setattr("raynas.engine.prepared_run.run_trials", run_trials_here)
        raynas.search(
            "mlp", "random", "digits", trials=TRIALS, epochs=1, name="NAME",
            options={"limit": 200},
        )  # fmt: skip
    shutil.copytree(home / "runs/NAME", home / "runs/OTHER")
    rng = np.random.default_rng(0)
    length, width = rng.random((2, 200))
    species = np.where(length > width, "long", "broad")
    flowers = {"length": length, "width": width, "species": species}
    pq.write_table(pa.table(flowers), home / "flowers.parquet")
    space = load_space("nasbench201")
    assert space.key is not None
    keys = [space.key(architecture) for architecture in enumerate_all(space.space)]
    scores = {name: rng.random(len(keys)) for name in ("val12_c10", "test200_c10")}
    pq.write_table(pa.table({"arch": keys, **scores}), home / "nasbench201.parquet")
    return home


@pytest.fixture
def less_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches and retrainings of Python blocks have few trials and epochs."""

    def lessened(function: Any, name: str) -> Any:
        few = {word.split("=")[0].strip("-"): int(word.split("=")[1]) for word in LESS[name]}

        def call(*args: Any, **given: Any) -> Any:
            less = {key: min(value, given.get(key, value)) for key, value in few.items()}
            return function(*args, **{**given, **less})

        return call

    monkeypatch.setattr("raynas.api.search", lessened(raynas.search, "search"))
    monkeypatch.setattr("raynas.Run.retrain", lessened(raynas.Run.retrain, "retrain"))


def live(page: Path) -> dict[str, Any]:
    """Run a page's blocks in this folder; returns the names that Python blocks have bound."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks_of(page):
        if block.reason:
            continue
        if block.language == "python" and (file := FILE.match(block.text)):
            Path(file[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(file[1]).write_text(block.text)
        elif block.language == "python":
            exec(compile(block.text, block.where, "exec"), names)  # noqa: S102 (our own text)
        elif block.language == "sh":
            for words in block.commands():
                run(words)
    return names


@pytest.fixture
def home(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `finished` that is the working folder."""
    home = tmp_path / "home"
    shutil.copytree(finished, home)
    monkeypatch.chdir(home)
    monkeypatch.syspath_prepend(str(home))
    return home


@pytest.mark.parametrize("page", EXECUTED, ids=name_of)
def test_a_page_runs(
    page: Path, home: Path, less_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raynas.engine.prepared_run.run_trials", run_trials_here)
    live(page)


def test_the_tutorial_on_ray(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a person would type it: the numbers that stand there, a search with real workers."""

    def run_searches_on_ray(ledger: Ledger, setup: TrialSetup, **more: Any) -> None:
        (run_trials_here if setup.tests else run_trials)(ledger, setup, **more)

    monkeypatch.setattr("raynas.engine.prepared_run.run_trials", run_searches_on_ray)
    names = live(TUTORIAL)
    said = capsys.readouterr().out
    assert "42 architectures" in said
    assert "tutorial: finished, 4 of 4 trials done" in said
    assert "retrained/trial-" in names["retrained"].folder
    assert len(names["retrained"].trials) == 2
    assert names["net"].predict(names["image"]) in set("0123456789")
    assert int(names["program"](names["images"]).argmax()) in range(10)
