import pytest
import torch

from raynas.data import load_data
from raynas.options.training_options import TrainingOptions
from raynas.training import CandidateError, fit
from raynas.training.batch_check import check_batches, count_validation_labels

SOURCE = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset


class Own(LightningDataModule):
    input_shape, num_classes, batch_size = (3,), 2, 16

    def setup(self, stage):
        self.inputs = torch.rand(40, 3, generator=torch.Generator().manual_seed(0))
        self.labels = (self.inputs.sum(1) > 1.5).long()
        {change}

    def loader(self, **options):
        return DataLoader(TensorDataset(self.inputs, self.labels), self.batch_size, **options)

    train_dataloader = val_dataloader = test_dataloader = loader
    {more}
"""


@pytest.fixture
def own(tmp_path, monkeypatch, request):
    monkeypatch.syspath_prepend(str(tmp_path))
    name = f"batches_{abs(hash(request.node.nodeid))}"

    def make(change="", more=""):
        (tmp_path / f"{name}.py").write_text(SOURCE.format(change=change, more=more))
        return load_data(f"{name}:Own")

    return make


def test_what_can_be_learned_from_passes(own):
    check_batches(own(), 16)
    check_batches(load_data("digits"), 10_000)


def test_validation_labels_are_counted(own):
    digits = load_data("digits")
    counts = count_validation_labels(digits, 64)
    assert counts == [int((digits.labels["validation"] == label).sum()) for label in range(10)]
    zero, one = count_validation_labels(data := own(), 7)
    labels = data.instance().labels
    assert (zero, one) == (40 - int(labels.sum()), int(labels.sum()))


def test_validation_labels_that_cannot_be_counted(own):
    late = own("self.labels[39] = 2")
    with pytest.raises(ValueError, match=r"counting the labels of val_dataloader\(\) failed"):
        count_validation_labels(late, 16)


DROP = "def train_dataloader(self): return self.loader(drop_last=True)"
LABELS = r"labels of train_dataloader\(\) must be integers 0\.\.1, one for each sample"


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        ("self.labels += 1", "", rf"{LABELS}; the first batch has 1\.\.2"),
        ("self.labels = self.labels.float()", "", rf"{LABELS} \(int64\), got torch.float32"),
        ("self.labels = self.labels[:, None]", "", rf"{LABELS} .*, got torch.int64 of shape \(4"),
        ("self.labels = torch.eye(2)[self.labels]", "", rf"{LABELS} .*, got torch.float32 of"),
        ("self.inputs = self.inputs[:, :2]", "", r"\(samples, 3\), got torch.float32 of \(40, 2\)"),
        ("self.inputs = self.inputs.long()", "", r"must be floats .*, got torch.int64"),
        ("1 / 0", "", r"setup\('fit'\) failed: ZeroDivisionError: division by zero"),
        ("", DROP, r"train_dataloader\(\) has no batch with batch_size 64"),
        ("", "def val_dataloader(self): return []", r"val_dataloader\(\) must return one loader"),
        ("", "def test_dataloader(self): return iter([{'x': 1}])", r"pairs of .*, got a dict"),
        ("", "def val_dataloader(self): return [][1]", r"val_dataloader\(\) failed: IndexError"),
    ],
)  # fmt: skip
def test_what_cannot_is_told_in_one_line(own, change, more, message):
    data = own(change, more)
    with pytest.raises(ValueError, match=rf"^{data.name}: .*{message}") as error:
        check_batches(data, 64)
    assert "\n" not in str(error.value)


def build(value, input_shape, num_outputs):
    return torch.nn.Linear(*input_shape, num_outputs)


EMPTY = "def {}_dataloader(self): return iter([])"


@pytest.mark.parametrize(
    ("more", "use"),
    [
        (DROP, "train on"),
        (EMPTY.format("train").replace("iter([])", "self.Nothing()"), "train on"),
        (DROP.replace("train", "val"), "validate with"),
        (EMPTY.format("val").replace("iter([])", "self.Nothing()"), "validate with"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Total length of .* is zero")
def test_a_candidate_without_a_batch_ends_with_a_sentence(own, more, use):
    nothing = "class Nothing:\n        def __iter__(self): return iter([])\n    "
    data = own(more=nothing + more)
    with pytest.raises(CandidateError, match=f"there is no batch to {use}"):
        fit(
            build, {}, data, TrainingOptions(epochs=2, batch_size=64), seed=0,
            on_epoch=lambda curve, save: False,
        )  # fmt: skip


def test_an_endless_validation_loader_is_not_counted(own):
    endless = "def val_dataloader(self): import itertools; return itertools.cycle(self.loader())"
    assert count_validation_labels(own(more=endless), 16, seconds=0.2) is None
