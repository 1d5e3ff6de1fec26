import pickle

import pytest
import torch
from pytorch_lightning import LightningDataModule

from raynas.data import load_data
from raynas.options.training_options import TrainingOptions
from raynas.training import evaluate_test, fit
from raynas.training.data_module import data_module

HEAD = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

class Own({base}):
    made = 0
    batch_size = 16
    {attributes}

    def __init__(self):
        super().__init__()
        Own.made += 1

    def prepare_data(self):
        pass

    def setup(self, stage):
        inputs = torch.rand(120, 3, generator=torch.Generator().manual_seed(0))
        self.rows = TensorDataset(inputs, (inputs.sum(1) > 1.5).long())

    def train_dataloader(self):
        return DataLoader(self.rows, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.rows, self.batch_size)

    test_dataloader = val_dataloader
"""


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
