"""A supernet's training: its data, what it reports, and that a resumed one is the same."""

import json

import numpy as np
import pytest
import torch
from test_resume import assert_same_bits, disturb
from torch.utils.data import DataLoader, TensorDataset

from raynas.data import UserData
from raynas.nets import Supernet
from raynas.space import load_space_source, replay
from raynas.strategies import Darts
from raynas.training.darts import fit_supernet
from raynas.training.darts.collapse import PATIENCE, collapse_warning, count_idle
from raynas.training.darts.halves import halved

SPACES = {
    "staged": """
from raynas.nets import build_staged_cells
from raynas.space import Cell, Record
space = Record(cell=Cell(["none", "skip_connect", "nor_conv_1x1", "avg_pool_3x3"], 2))
def build(value, input_shape, num_outputs):
    return build_staged_cells(value, input_shape, num_outputs, channels=4, cells=1)
""",
    "stacked": """
from raynas.nets import build_stacked_cells
from raynas.space import Cell, Record
ops = ["skip_connect", "nor_conv_1x1", "max_pool_3x3"]
space = Record(cell=Cell(ops, 2, inputs=2, edges=2, output="all", strided=True))
def build(value, input_shape, num_outputs):
    return build_stacked_cells(value, input_shape, num_outputs, channels=4, cells=2)
""",
    "chain": """
from raynas.nets import build_mlp as build
from raynas.space import Choice, Record, Repeat
layer = Record(type="dense", units=Choice([4, 8]), activation=Choice(["relu", "tanh"]))
space = Record(layers=Repeat(layer, 1, 2))
""",
}
LOADED = {name: load_space_source(source, name) for name, source in SPACES.items()}


class Epochs:
    """Keeps the curve and each epoch's checkpoint."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.curve = []

    def __call__(self, curve, save):
        self.curve = json.loads(json.dumps(curve))
        save(self.folder / f"{curve[-1]['epoch']}.ckpt")
        return False

    def state(self, epoch):
        return torch.load(self.folder / f"{epoch}.ckpt", weights_only=True)


@pytest.fixture
def search(tmp_path, digits):
    """Return a function that trains a supernet on few digits and returns its epochs."""

    def run(folder, space="staged", data=None, checkpoint=None, seed=0, **options):
        epochs = Epochs(tmp_path / folder)
        options = {"supernet_epochs": 3, "supernet_batch_size": 32, "tuning_epochs": 1, **options}
        proposal = Darts(LOADED[space].space, **options).ask()
        fit_supernet(
            LOADED[space], data or few(digits), proposal.supernet,
            seed=seed, on_epoch=epochs, checkpoint=checkpoint,
        )  # fmt: skip
        return epochs

    return run


def few(data, rows=100):
    """The same data with few rows to train on and to validate."""
    inputs = {split: part[:rows] for split, part in data.inputs.items()}
    labels = {split: part[:rows] for split, part in data.labels.items()}
    return type(data)(**{**vars(data), "inputs": inputs, "labels": labels})


class Pairs:
    """A user's data module whose inputs number its rows."""

    def __init__(self, loader):
        self.loader = loader

    def train_dataloader(self):
        return self.loader


def numbered(rows=11, **options):
    numbers = torch.arange(rows, dtype=torch.float32)
    return DataLoader(TensorDataset(numbers[:, None], torch.zeros(rows).long()), 3, **options)


def test_the_halves_of_arrays_are_disjoint_by_class_and_without_validation(digits):
    module = halved(digits, 64, seed=3)
    loaders = module.train_dataloader()
    assert list(loaders) == ["weights", "alphas"]
    rows = {half: set(loader.order().tolist()) for half, loader in loaders.items()}
    total = len(digits.labels["train"])
    assert not rows["weights"] & rows["alphas"]
    assert len(rows["weights"] | rows["alphas"]) >= total - 2
    counts = [np.bincount(digits.labels["train"][sorted(part)]) for part in rows.values()]
    assert np.abs(counts[0] - counts[1]).max() <= 3
    train = {image.tobytes() for image in digits.inputs["train"]}
    seen = {
        image.tobytes()
        for loader in loaders.values()
        for inputs, _ in loader
        for image in inputs.numpy()
    }
    assert seen <= train
    first = loaders["alphas"].order().tolist()
    loaders["alphas"].set_epoch(1)
    assert loaders["alphas"].order().tolist() != first
    assert set(loaders["alphas"].order().tolist()) == rows["alphas"]


def test_the_halves_of_a_users_loader_are_disjoint(monkeypatch):
    monkeypatch.setattr(UserData, "instance", lambda self: Pairs(numbered()))
    data = UserData("own", (1,), ("a", "b"))
    loaders = halved(data, 3, seed=0).train_dataloader()
    rows = [{int(n) for inputs, _ in loader for n in inputs[:, 0]} for loader in loaders.values()]
    kept = [set(loader.dataset.indices) for loader in loaders.values()]
    assert all(part <= whole for part, whole in zip(rows, kept, strict=True))
    assert not kept[0] & kept[1]
    assert kept[0] | kept[1] == set(range(11))


@pytest.mark.parametrize("loader", [[1, 2], numbered(batch_sampler=None).__iter__()])
def test_a_loader_that_cannot_be_halved_says_so(monkeypatch, loader):
    monkeypatch.setattr(UserData, "instance", lambda self: Pairs(loader))
    with pytest.raises(ValueError, match=r"a supernet trains on two halves .* of known length"):
        halved(UserData("own", (1,), ("a",)), 3, seed=0).train_dataloader()


METHODS = {
    "darts": {"method": "darts"},
    "second order": {"method": "darts", "order": 2},
    "gdas": {"method": "gdas"},
    "pc-darts": {"method": "pc-darts", "supernet_epochs": 4},
    "beta-darts": {"method": "beta-darts"},
    "darts-pt": {"method": "darts-pt", "supernet_epochs": 2},
    "darts-pt, chain": {"method": "darts-pt", "space": "chain", "tuning_epochs": 0},
    "darts-pt, stacked": {"method": "darts-pt", "space": "stacked", "tuning_epochs": 0},
}


@pytest.mark.parametrize("options", METHODS.values(), ids=METHODS)
def test_each_epoch_tells_how_the_search_stands_and_a_resumed_one_ends_the_same(search, options):
    whole = search("whole", **options)
    space = LOADED[options.get("space", "staged")]
    for number, epoch in enumerate(whole.curve, 1):
        assert epoch["epoch"] == number
        assert replay(space.space, epoch["picks"]).value == epoch["architecture"]
        assert 0 <= epoch["alpha_entropy"] <= 1 + 1e-9
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            assert np.isfinite(epoch[f"supernet_{name}"])
        assert {"skips": epoch["skips"], "nones": epoch["nones"]} == count_idle(
            epoch["architecture"]
        )
        for weights in epoch["strengths"].values():
            assert all(0 <= weight <= 1 for weight in weights)
    assert any(epoch["moved"] for epoch in whole.curve)
    assert whole.curve[-1]["strengths"] != whole.curve[0]["strengths"]
    last = len(whole.curve)
    disturb()
    middle = max(1, last // 2)
    resumed = search("resumed", checkpoint=whole.folder / f"{middle}.ckpt", **options)
    assert_same_bits(resumed.state(last), whole.state(last))
    assert resumed.curve[-1] | {"train_seconds": 0} == whole.curve[-1] | {"train_seconds": 0}


def test_perturbation_decides_every_mixture_after_the_search(search):
    epochs = search("run", method="darts-pt", supernet_epochs=2)
    assert len(epochs.curve) == 2 + 3
    decided = [
        sum(max(weights) == 1 for weights in epoch["strengths"].values()) for epoch in epochs.curve
    ]
    assert decided == [0, 1, 2, 3, 3]
    assert not epochs.curve[-1]["moved"]


def test_alphas_rest_before_their_time(search):
    epochs = search("run", method="darts", alphas_from=0.5)
    assert [epoch["moved"] for epoch in epochs.curve] == [False, False, True]
    assert epochs.curve[0]["alpha_entropy"] == epochs.curve[1]["alpha_entropy"] == 1


def test_beta_decay_keeps_the_alphas_close(search):
    fast = {"method": "darts", "alphas_learning_rate": 0.5}
    free = search("free", **fast).curve[-1]["alpha_entropy"]
    held = search("held", beta_decay=50, **fast).curve[-1]["alpha_entropy"]
    assert held > free


def test_alphas_go_as_far_in_a_short_search_as_in_the_papers():
    config = Darts(LOADED["staged"].space).ask().supernet
    assert config.alphas_rate(50 * 390) == pytest.approx(3e-4)
    assert config.alphas_rate(780) == pytest.approx(25 * 3e-4)
    assert config.alphas_rate(1) == 0.02
    assert config.model_copy(update={"alphas_learning_rate": 0.1}).alphas_rate(780) == 0.1


def test_without_a_learning_rate_of_their_own_alphas_move_on_in_few_steps(search):
    own = search("own", method="darts").curve[-1]["alpha_entropy"]
    papers = search("papers", method="darts", alphas_learning_rate=3e-4).curve[-1]["alpha_entropy"]
    assert own < papers


def test_validation_data_train_nothing(search, digits):
    data = few(digits)
    other = type(data)(
        **{**vars(data), "inputs": {**data.inputs, "validation": 0 * data.inputs["validation"]}}
    )
    one, two = (search(str(i), data=part) for i, part in enumerate((data, other)))
    assert one.curve[-1]["supernet_val_loss"] != two.curve[-1]["supernet_val_loss"]
    assert one.curve[-1]["strengths"] == two.curve[-1]["strengths"]
    for part in ("state_dict", "optimizer_states"):
        assert_same_bits(one.state(3)[part], two.state(3)[part])


def epoch_of(number, ops, moved=True):
    value = {"cell": {"nodes": [[{"input": i, "op": op} for i, op in enumerate(ops)]]}}
    return {"epoch": number, "architecture": value, "moved": moved, **count_idle(value)}


def test_a_collapse_is_announced_once_when_it_is_clear():
    idle, busy = ["skip_connect", "none", "conv"], ["conv", "none", "conv"]
    curve = [epoch_of(1, idle, moved=False), epoch_of(2, busy)]
    warnings = []
    for number in range(3, 9):
        curve.append(epoch_of(number, idle))
        warnings.append(collapse_warning(curve))
    clear = PATIENCE - 1
    assert [i for i, warning in enumerate(warnings) if warning] == [clear]
    assert warnings[clear].startswith(
        f"the supernet is collapsing: 2 of the 3 operations derived in epoch {clear + 3} are "
    )
    assert "--set method=" in warnings[clear]
    curve.append(epoch_of(9, busy))
    assert collapse_warning(curve) is None


def test_a_supernet_takes_no_scaled_gradients(digits):
    config = Darts(LOADED["staged"].space).ask().supernet
    with pytest.raises(ValueError, match="precision: a supernet trains with 32-true or bf16-mixed"):
        fit_supernet(
            LOADED["staged"], digits, config, seed=0, on_epoch=lambda *_: True,
            precision="16-mixed",
        )  # fmt: skip


def test_the_weights_of_a_supernet_are_those_of_the_network_alone(search):
    epochs = search("run", method="darts")
    supernet = Supernet(LOADED["staged"], (1, 8, 8), 10)
    assert epochs.curve[0]["supernet_params"] == sum(p.numel() for p in supernet.net.parameters())


def test_the_rate_of_the_weights_ends_where_it_should(search):
    state = search("rates").state(3)
    (schedule,) = state["lr_schedulers"]
    assert schedule["last_epoch"] == schedule["T_max"]
    (group,) = state["optimizer_states"][0]["param_groups"]
    assert group["lr"] == pytest.approx(0.001)
