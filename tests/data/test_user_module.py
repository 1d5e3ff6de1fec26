import pickle

import pytest
import torch
from data_cases import HEAD
from pytorch_lightning import LightningDataModule

from raynas.data import load_data
from raynas.options.training_options import TrainingOptions
from raynas.training import evaluate_test, fit
from raynas.training.batch_check import check_batches
from raynas.training.data_module import data_module


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """Write a module that only this test imports; returns its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"user_{abs(hash(request.node.nodeid))}"

    def make(attributes="num_classes = 2", base="LightningDataModule", text=HEAD):
        source = text.format(attributes=attributes, base=base)
        (tmp_path / f"{name}.py").write_text(source)
        return f"{name}:Own"

    return make


def build(value, input_shape, num_outputs):
    return torch.nn.Linear(input_shape[0], num_outputs)


@pytest.mark.parametrize("base", ["LightningDataModule", "object"])
def test_a_users_data_module_is_trained_on(module, tmp_path, base):
    data = load_data(module(base=base))
    assert (data.input_shape, data.num_outputs, data.label_names) == ((3,), 2, ("0", "1"))
    history = []

    def on_epoch(curve, save):
        history.append(curve[-1])
        save(tmp_path / "last.ckpt")
        return False

    config = TrainingOptions(epochs=8, learning_rate=0.1, batch_size=8)
    data = pickle.loads(pickle.dumps(data))
    fit(build, {}, data, config, seed=0, on_epoch=on_epoch)
    assert history[-1]["val_accuracy"] > 0.9
    assert history[-1]["train_seconds"] > 0
    tested = evaluate_test(build, {}, data, config, tmp_path / "last.ckpt")
    assert tested["test_accuracy"] == pytest.approx(history[-1]["val_accuracy"])


def test_the_module_is_made_once_and_takes_the_trials_batch_size(module):
    data = load_data(module())
    first, second = data_module(data, 8, seed=0), data_module(data, 32, seed=1)
    assert isinstance(first, LightningDataModule)
    assert first is second
    assert type(first).made == 1
    assert first.batch_size == 32


def test_attributes_say_what_cannot_be_seen(module):
    data = load_data(module('input_shape = (7, 1)\n    label_names = ["no", "yes"]'))
    assert (data.input_shape, data.num_outputs, data.label_names) == ((7, 1), 2, ("no", "yes"))


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("pass", "must say how many classes there are: .* num_outputs .*, got None"),
        ("num_outputs = 1", "with at least 2, got 1"),
        ("num_outputs = 3; label_names = 'ab'", "says 3 classes but has 2 label_names"),
        ("num_outputs = 2; train_dataloader_kind = 1", None),
    ],
)
def test_what_a_module_must_say(module, attributes, message):
    name = module(attributes)
    if message is None:
        assert load_data(name).num_outputs == 2
        return
    with pytest.raises(ValueError, match=message):
        load_data(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_thing", "cannot be imported: No module named 'no_such_thing'"),
        ("Other = 1", "expected a LightningDataModule named 'Own' in .*, got None"),
        (
            HEAD.replace("def val_dataloader", "def old").replace("= val_dataloader", "= old"),
            "expected a LightningDataModule named 'Own' in .* that defines val_dataloader, got",
        ),
        ("class Own: pass", "expected a LightningDataModule named 'Own'"),
        (HEAD.replace("Own.made += 1", "raise OSError('gone')"), r"Own\(\) failed: OSError: gone"),
        (HEAD.replace("def train_dataloader", "def train_dataloader(self): 1 / 0\n    def old"),
         "first training batch .* failed: ZeroDivisionError: division by zero"),
    ],
)  # fmt: skip
def test_a_module_that_cannot_be_used_says_why_in_one_line(module, text, message):
    with pytest.raises(ValueError, match=message) as error:
        load_data(module(text=text))
    assert "\n" not in str(error.value)


def test_a_package_that_is_not_there():
    with pytest.raises(
        ValueError, match=r"module 'no\.such' cannot be imported: No module named 'no'"
    ):
        load_data("no.such:Thing")


KEPT = {
    "hparams": "self.save_hyperparameters()",
    "a record": "self.save_hyperparameters({'loader': {'batch_size': 7}})",
    "a dict": "self.__dict__['hparams'] = {'batch_size': 7}",
    "a namespace": "self.__dict__['hparams'] = SimpleNamespace(batch_size=7)",
    "a property": "self.save_hyperparameters()",
}
READ = {
    "hparams": "self.hparams.batch_size",
    "a record": "self.hparams['loader']['batch_size']",
    "a dict": "self.hparams['batch_size']",
    "a namespace": "self.hparams.batch_size",
    "a property": "self.batch_size",
}


@pytest.mark.parametrize("kept", KEPT)
def test_a_batch_size_reaches_the_loader_wherever_it_is_kept(module, kept):
    base = "LightningDataModule" if "save" in KEPT[kept] else "object"
    text = (
        HEAD.replace("    batch_size = 16\n", "")
        .replace("def __init__(self):", "def __init__(self, batch_size=7):")
        .replace("Own.made += 1", KEPT[kept].replace("{", "{{").replace("}", "}}"))
        .replace("self.batch_size", READ[kept])
    )
    text = "from types import SimpleNamespace\n" + text
    if kept == "a property":
        text += "\n    @property\n    def batch_size(self): return self.hparams.batch_size\n"
    data = load_data(module(base=base, text=text))
    assert "batch_size" not in data.intake.idle
    mine = data_module(data, 50, seed=0)
    mine.prepare_data()
    mine.setup("fit")
    assert [len(labels) for _, labels in mine.train_dataloader()] == [50, 50, 20]
    check_batches(data, 30)
    assert data.intake.warnings == []


def test_a_module_without_a_batch_size_says_so(module):
    text = HEAD.replace("    batch_size = 16\n", "").replace("self.batch_size", "7")
    data = load_data(module(text=text))
    assert "it has no batch_size: its loaders decide" in data.summary()
    assert "has no batch_size, neither as an attribute" in data.intake.idle["batch_size"]
    assert {"label", "image", "limit", "data_seed"} < data.intake.idle.keys()


def test_a_batch_size_that_the_loader_does_not_take_is_a_warning(module):
    data = load_data(module(text=HEAD.replace("self.batch_size", "7")))
    check_batches(data, 50)
    (warning,) = data.intake.warnings
    assert "train_dataloader() of " in warning
    assert "has batches of 7 when batch_size is 50" in warning
