"""The README.md of a network's folder: what it is, how to use it, how good it is, what it costs."""

from raynas.data import printable
from raynas.preparation import InputColumn, Preparation
from raynas.runs.certainty import certainty_words
from raynas.runs.found_network import FoundNetwork, Retrained

SHOWN_LABELS = 50
"""Class names that are listed."""
SHOWN_COLUMNS = 200
"""Columns whose inputs are listed."""


def model_card(network: FoundNetwork, folder: str) -> str:
    """Write the card of a network from what its architecture.json says."""
    parts = [
        _title(network),
        _use(network, folder),
        _results(network),
        _data(network),
        *_columns(network.preparation),
        _origin(network),
    ]
    return "\n\n".join(parts) + "\n"


def _title(network: FoundNetwork) -> str:
    kind = "images" if len(network.input_shape) == 3 else "rows of numbers"
    return (
        f"# A network for {network.data}\n\n"
        f"It tells {len(network.label_names)} classes of {kind} apart: {network.description}"
    )


def _use(network: FoundNetwork, folder: str) -> str:
    shape = ", ".join(map(str, network.input_shape))
    exported = network.exported
    dtype = f" of {exported.input_dtype}" if exported else ""
    text = f"""\
## Use

Inputs have the shape (batch, {shape}){dtype}, with values as in the data set: the normalisation is
part of the network. Outputs are one number a class (logits); the largest one is the class."""
    if exported:
        file = exported.file if "://" in folder else f"{folder}/{exported.file}"
        text += "\n\n" + _USE[exported.format].format(file=file)
        text += (
            f"\n\nThe program was compared with the trained network on validation inputs, in "
            f"batches of {', '.join(map(str, exported.checked_batches))}: the largest "
            f"difference of an output is {exported.largest_difference:.1e}."
        )
    return (
        text
        + f"""

With raynas installed, as a `torch.nn.Module` that can be trained further (the folder may be copied
anywhere):

```python
import raynas

net = raynas.load("{folder}")
print(net.predict(image))  # the name of a class; an array, a Pillow image, or a batch
```"""
    )


_USE = {
    "pytorch": """\
With PyTorch alone:

```python
import torch

net = torch.export.load("{file}").module()
print(net(inputs).argmax(dim=1))  # inputs: a tensor
```""",
    "onnx": """\
With onnxruntime alone:

```python
import onnxruntime

net = onnxruntime.InferenceSession("{file}")
print(net.run(None, {{"inputs": inputs}})[0].argmax(axis=1))  # inputs: a NumPy array
```""",
}


_INT8 = {
    "pytorch": " It is loaded in the same way; it computes in floats with rounded values, so it is "
    "smaller, not faster.",
    "onnx": "",
}


def _results(network: FoundNetwork) -> str:
    lines = ["## Results and cost", "", "| | accuracy | F1 | loss |", "|---|---|---|---|"]
    splits = [
        ("validation", "val", network.metrics),
        ("test, measured once", "test", network.test),
    ]
    for name, prefix, metrics in splits:
        if metrics is not None:
            values = (metrics[f"{prefix}_{metric}"] for metric in ("accuracy", "f1", "loss"))
            lines.append(f"| {name} | " + " | ".join(f"{value:.4f}" for value in values) + " |")
    if network.test is None:
        lines += ["", "It was not measured on the test data."]
    if network.validation is not None:
        lines += ["", certainty_words(network.metrics["val_accuracy"], network.validation)]
    lines += _seeds(network.retrained)
    metrics = network.metrics
    lines += [
        "",
        f"{metrics['params']:,.0f} parameters, {metrics['macs']:,.0f} MACs and, where it was "
        f"trained, {_latency(network)}",
    ]
    exported = network.exported
    if exported and exported.int8:
        int8 = exported.int8
        where = f", on {int8.measured_on}" if int8.measured_on else ""
        lines += [
            "",
            f"`{int8.file}` is the same network in 8 bits: {int8.bytes:,} bytes instead of "
            f"{exported.bytes:,}, validation accuracy {int8.val_accuracy:.4f} "
            f"instead of {int8.val_accuracy_before:.4f}{where}. The ranges of its activations were "
            f"measured on training data.{_INT8[exported.format]}",
        ]
    return "\n".join(lines)


def _latency(network: FoundNetwork) -> str:
    """Say how long one input takes, and how sure that is."""
    if network.latency_ms is None:
        return (
            f"about {network.metrics['latency_ms']:.2g} ms for one input: a rough number, measured "
            "while other networks may have been trained there."
        )
    return (
        f"{network.latency_ms:.2g} ms for one input: the median, after the search; four fifths of "
        f"the measurements lie between {network.latency_low:.2g} and {network.latency_high:.2g} ms."
    )


def _seeds(retrained: Retrained | None) -> list[str]:
    """Say how well each seed of a retraining did; these numbers are of the best of them."""
    if not retrained or len(retrained.seeds) < 2:
        return []
    lines = ["", f"The best by validation of {len(retrained.seeds)} seeds:", ""]
    lines += ["| seed | validation accuracy | test accuracy |", "|---|---|---|"]
    for seed in retrained.seeds:
        numbers = f"{seed['val_accuracy']:.4f} | {seed['test_accuracy']:.4f}"
        lines.append(f"| {seed['seed']} | {numbers} |")
    return lines


def _data(network: FoundNetwork) -> str:
    names = [printable(name) for name in network.label_names]
    more = f" and {len(names) - SHOWN_LABELS} more" if len(names) > SHOWN_LABELS else ""
    return (
        f"## Data\n\n`{network.data}`: {network.data_summary}.\n\n"
        f"Classes, in the order of the outputs: {', '.join(names[:SHOWN_LABELS])}{more}."
    )


def _columns(preparation: Preparation) -> list[str]:
    """Say how inputs are made of the columns of a table; nothing where they are as they are."""
    if not preparation.columns:
        return []
    lines = [
        "## Inputs",
        "",
        "The inputs of a row, in this order. `net.predict` of raynas makes them of a dict or a "
        "pandas DataFrame; for the program they are yours to make. `preparation` in "
        "`architecture.json` has this as data.",
        "",
        "| inputs | column | made of it | where it is missing |",
        "|---|---|---|---|",
    ]
    place = 0
    for column in preparation.columns[:SHOWN_COLUMNS]:
        count = len(column.inputs)
        where = str(place) if count == 1 else f"{place} to {place + count - 1}"
        place += count
        name = printable(column.name).replace("|", "\\|")
        lines.append(f"| {where} | {name} | {_made(column)} | {_missing(column)} |")
    if len(preparation.columns) > SHOWN_COLUMNS:
        lines.append(f"| … | {len(preparation.columns) - SHOWN_COLUMNS} more | | |")
    return ["\n".join(lines)]


def _made(column: InputColumn) -> str:
    if column.kind == "category":
        texts = ", ".join(printable(text).replace("|", "\\|") for text in column.categories)
        return f"1 for its text, else 0: {texts}; of another text all are 0"
    if column.kind == "date":
        return f"{', '.join(column.parts)} (weekday 0 is Monday; in UTC)"
    return "its number" if column.kind == "number" else "its numbers"


def _missing(column: InputColumn) -> str:
    last = "; the last input is 1, else 0" if column.indicator else ""
    return ", ".join(f"{number:.6g}" for number in dict.fromkeys(column.fill)) + last


def _origin(network: FoundNetwork) -> str:
    trained = "Trained in full after the search, on" if network.retrained else "Trained on"
    training = ", ".join(f"{name} {value}" for name, value in network.training.items())
    return (
        f"## How it was found\n\nTrial {network.number} of {network.trials} of the run "
        f"{network.run}: {network.strategy} over the space {network.space}, seed "
        f"{network.seed}, best by {network.metric}. {trained} the training split only, with "
        f"{training}; these are the weights after the last epoch.\n\n"
        "`architecture.json` has all of this as data, `weights.safetensors` the weights, and "
        "`space.py` builds the network."
    )
