"""What a person sees of the data before anything is trained, and what is refused."""

import io
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from data_cases import HEAD
from PIL import Image
from torch import nn

from raynas.data import load_data
from raynas.engine.preflight import check_idle, check_pairs
from raynas.nets import Network
from raynas.networks.model_card import _data
from raynas.runs.run_config import make_config
from raynas.space import load_space
from raynas.terminal.live_view import TerminalView

SEARCHED = '''"""Searches the size of the batches."""
from torch import nn
from raynas.space import Choice, Record
space = Record(width=Choice([4, 8]), training=Record(batch_size=Choice([8, 16])))
def build(architecture, shape, outputs):
    return nn.Linear(shape[0], outputs)
'''


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    text = HEAD.format(attributes="num_classes = 2", base="LightningDataModule")
    (tmp_path / "module_with_a_size.py").write_text(text)
    without = text.replace("    batch_size = 16\n", "").replace("self.batch_size", "7")
    (tmp_path / "module_without_a_size.py").write_text(without)
    (tmp_path / "searched.py").write_text(SEARCHED)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.random(60), "label": np.arange(60) % 2})
    frame.to_parquet("one.parquet")
    os.mkdir("parts")
    for part in ("train", "validation", "test"):
        frame.to_parquet(f"parts/{part}.parquet")
    return tmp_path


def check(data, options=None, space="mlp", **how):
    config = make_config(data=data, space=space, options=options or {}, **how)
    asked, config = config.options, config.resolved()
    check_pairs(config)
    check_idle(config, asked, load_space(space), load_data(data, config.data_options))


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("digits", {"label": "x"}),
        ("synthetic", {"image": "x"}),
        ("module_with_a_size:Own", {"limit": 50}),
        ("module_with_a_size:Own", {"label": "x"}),
        ("module_with_a_size:Own", {"test_fraction": 0.3}),
        ("module_with_a_size:Own", {"data_seed": 3}),
        ("module_without_a_size:Own", {"batch_size": 50}),
        ("parts", {"validation_fraction": 0.3}),
        ("parts", {"test_fraction": 0.3}),
    ],
)
def test_an_option_that_changes_nothing_is_refused(here, data, options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=f"^{name}={value} changes nothing: {data} ") as error:
        check(data, options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("digits", {"limit": 50, "data_seed": 3, "test_fraction": 0.3, "label": "label"}),
        ("module_with_a_size:Own", {"batch_size": 50}),
        ("module_without_a_size:Own", {"learning_rate": 0.1, "batch_size": 64}),
        ("one.parquet", {"validation_fraction": 0.3, "test_fraction": 0.3, "limit": 40}),
        ("parts", {"limit": 40, "data_seed": 1}),
    ],
)
def test_options_that_change_something_or_ask_for_the_default(here, data, options):
    check(data, options)


def test_a_searched_batch_size_must_reach_the_loaders(here):
    check("module_with_a_size:Own", space="searched.py")
    with pytest.raises(ValueError, match=r"^training/batch_size of the space changes nothing: mod"):
        check("module_without_a_size:Own", space="searched.py")


def test_trials_in_pairs_are_even():
    check("digits", space="chain_cnn", strategy="darts", trials=4)
    with pytest.raises(ValueError, match=r"darts takes them in pairs.*an even number, got 3"):
        check("digits", space="chain_cnn", strategy="darts", trials=3)


def test_a_search_says_what_is_left_out_and_what_is_suspicious(here):
    labels = np.arange(60) // 30
    frame = pd.DataFrame({"a": labels * 1.0, "city[x]": "y", "label": labels})
    frame.to_parquet("told.parquet")
    shown = io.StringIO()
    from rich.console import Console

    view = TerminalView(Console(file=shown, width=500), lambda run: None)
    view.say_data(load_data("told.parquet"))
    first, second = shown.getvalue().splitlines()
    assert "learning from a; left out: city[x] (" in first
    assert second.startswith("column 'a' alone tells the label of 100 % of the rows")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--metric val_loss --metric params", "--metric: expected once, got val_loss and params"),
        ("--set limit=5 --set limit=6", "--set limit: expected once, got it again with '6'"),
        ("--set label=x", "label=x changes nothing: digits is built in and has no columns"),
        ("--data parts.csv", "parts.csv, line 3: expected 2 values as the first line has names"),
    ],
)
def test_the_command_refuses_in_one_line(here, arguments, message):
    (here / "parts.csv").write_text("a,label\n1,2\n1\n")
    command = [sys.executable, "-m", "raynas", "search", "--address", "127.0.0.1:1"]
    ended = subprocess.run(
        [*command, *arguments.split()], capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 2
    assert message in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


class Corner(nn.Module):
    """Says 1 where an image is bright in its upper left, else 0."""

    def forward(self, inputs):
        bright = inputs[:, 0, 0, 0] > 100
        return torch.stack([~bright, bright], dim=1).float()


def test_predict_turns_an_image_as_the_data_was():
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:4, :8] = 200
    upright = Image.fromarray(pixels)
    tags = Image.Exif()
    tags[0x0112] = 6
    buffer = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(buffer, "JPEG", exif=tags, quality=100)
    stored = Image.open(buffer)
    assert stored.size == (8, 16)
    network = Network(Corner(), (3, 8, 16), ("dark", "bright"))
    assert network.predict(upright) == network.predict(stored) == "bright"
    with pytest.raises(ValueError, match=r"of 16x8 pixels, got 8x16"):
        network.predict(stored.transpose(Image.Transpose.ROTATE_90))


def test_the_card_shows_control_characters_as_escapes():
    class Card:
        data, data_summary, label_names = "x", "rows", ["a", "a\0", "b\n"]

    assert r"order of the outputs: a, a\x00, b\n." in _data(Card())
