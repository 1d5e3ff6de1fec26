"""In a notebook a run is one output that changes, functions return text, and a `Run` is shown."""

import builtins
import html
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune import progress_reporter
from run_cases import open_ledger, small_config, train, write_space

import raynas
from raynas.engine.ledger import Ledger
from raynas.runs.run_file import RUN_FILE, run_file

IPYTHON = ("HTML", "display", "clear_output")
"""What Tune imports of IPython in a notebook."""


class ZMQInteractiveShell:
    """What a kernel makes known as `get_ipython()`: here it keeps what a notebook would show."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.display_pub = SimpleNamespace(publish=lambda **output: self.outputs.append(output))


@pytest.fixture
def notebook(monkeypatch) -> ZMQInteractiveShell:
    shell = ZMQInteractiveShell()
    monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
    return shell


def test_a_search_is_one_output_that_changes(notebook, ray_cluster, tmp_path, capfd, monkeypatch):
    others: list[str] = []  # what Tune would show by itself
    shown_by = {name: lambda *_, name=name, **__: others.append(name) for name in IPYTHON}
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(**shown_by))
    monkeypatch.setattr(progress_reporter, "IS_NOTEBOOK", True)  # asked when Ray is imported
    space = write_space(tmp_path / "<i>")
    run = raynas.search(
        space=space,
        data="synthetic",
        strategy="random",
        trials=4,
        epochs=3,
        name="a",
        storage=str(tmp_path / "runs"),
        progress=True,
        options={"limit": 2000},
    )
    assert others == []
    outputs = notebook.outputs
    assert len({output["transient"]["display_id"] for output in outputs}) == 1
    assert [output["update"] for output in outputs] == [False] + [True] * (len(outputs) - 1)
    texts = [output["data"]["text/plain"] for output in outputs]
    assert any("━" in text for text in texts)
    last = texts[-1].splitlines()
    assert last[0].startswith("Searching ")
    assert [line for line in last if line.startswith("4/4 trials, ")]
    assert "━" not in texts[-1]
    shown = outputs[-1]["data"]["text/html"]
    assert "<i>" not in shown
    assert html.escape("<i>") in shown
    assert "trials" not in capfd.readouterr().out
    assert run.best() is not None


def trained_run(path: Path, done: int, **options: Any) -> Ledger:
    """Write a run folder of which so many trials are done."""
    ledger = open_ledger(path, small_config(name=path.name, **options))
    ledger.folder.write(RUN_FILE, run_file(ledger.config).to_yaml().encode())
    train(ledger, done)
    ledger.close()
    return ledger


def test_what_is_asked_for_is_returned_and_not_printed(notebook, tmp_path, capsys):
    trained_run(tmp_path / "a", 3, trials=4)
    text = raynas.open_run(tmp_path / "a").status()
    assert text.startswith("a: interrupted, 3 of 4 trials done, 0 failed\n")
    assert "2,528,920,800 architectures" in raynas.describe_space("mlp")
    assert "population" in raynas.describe_options("evolution")
    assert notebook.outputs == []
    assert capsys.readouterr().out == ""


class Cells(HTMLParser):
    """The tags of a page, and the texts of its table's cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._inside = tag == "td"
        if self._inside:
            self.cells.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.cells[-1] += data


def test_a_run_shows_its_best_trials(tmp_path):
    ledger = trained_run(tmp_path / "a", 3, scheduler="asha", data="<b>&x", trials=9)
    run = raynas.open_run(tmp_path / "a")
    best = ledger.best[0]
    shown = Cells(run._repr_html_())
    assert shown.tags == {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "code"}
    assert shown.cells[:3] == [str(best.number), f"{best.metrics['val_accuracy']:.4f}", ""]
    assert len(shown.cells) == 3 * 4
    words = re.sub(r"<[^>]*>", "", run._repr_html_())
    assert "a: interrupted, 3 of 9 trials done, 0 failed" in words
    assert "own.py searched by evolution + asha on &lt;b&gt;&amp;x, 9 trials of" in words


def test_a_run_without_trials_is_shown(tmp_path):
    trained_run(tmp_path / "a", 0, trials=4)
    run = raynas.open_run(tmp_path / "a")
    assert "0 of 4 trials done" in run._repr_html_()
    assert "<table" not in run._repr_html_()


def test_a_run_says_what_it_is(tmp_path):
    trained_run(tmp_path / "a", 1, scheduler="asha", trials=4)
    run = raynas.open_run(tmp_path / "a")
    assert repr(run) == (
        f"Run({run.folder!r}, space='own.py', strategy='evolution + asha', data='digits', "
        "trials=4, epochs=10, metric='val_accuracy')"
    )
    assert "own.py searched by evolution + asha on digits, 4 trials of 10 epochs" in run.status()
