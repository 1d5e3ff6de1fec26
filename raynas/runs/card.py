"""The README.md of a network's folder: what it is, how to use it, how good it is, what it costs."""

from typing import Any

SHOWN_LABELS = 50
"""Class names that are listed."""


def model_card(found: dict[str, Any], folder: str) -> str:
    """Write the card of a network from what its architecture.json says."""
    parts = [_title(found), _use(found, folder), _results(found), _data(found), _origin(found)]
    return "\n\n".join(parts) + "\n"


def _title(found: dict[str, Any]) -> str:
    kind = "images" if len(found["input_shape"]) == 3 else "rows of numbers"
    return (
        f"# A network for {found['data']}\n\n"
        f"It tells {len(found['label_names'])} classes of {kind} apart: {found['description']}"
    )


def _use(found: dict[str, Any], folder: str) -> str:
    shape = ", ".join(map(str, found["input_shape"]))
    return f"""\
## Use

Inputs have the shape (batch, {shape}) and values as in the data set: the normalisation is part of
the network. Outputs are one number a class (logits); the largest one is the class.

With raynas installed (any place that this folder is copied to will do):

```python
import raynas

net = raynas.load("{folder}")  # a torch.nn.Module in eval mode
print(net.predict(image))  # the name of a class; an array, a Pillow image, or a batch
```"""


def _results(found: dict[str, Any]) -> str:
    lines = ["## Results and cost", "", "| | accuracy | F1 | loss |", "|---|---|---|---|"]
    splits = [
        ("validation", "val", found["metrics"]),
        ("test, measured once", "test", found["test"]),
    ]
    for name, prefix, metrics in splits:
        if metrics is not None:
            values = (metrics[f"{prefix}_{metric}"] for metric in ("accuracy", "f1", "loss"))
            lines.append(f"| {name} | " + " | ".join(f"{value:.4f}" for value in values) + " |")
    if found["test"] is None:
        lines += ["", "It was not measured on the test data."]
    metrics = found["metrics"]
    lines += [
        "",
        f"{metrics['params']:,.0f} parameters, {metrics['macs']:,.0f} MACs for one input.",
    ]
    return "\n".join(lines)


def _data(found: dict[str, Any]) -> str:
    names = found["label_names"]
    more = f" and {len(names) - SHOWN_LABELS} more" if len(names) > SHOWN_LABELS else ""
    return (
        f"## Data\n\n`{found['data']}`: {found['data_summary']}.\n\n"
        f"Classes, in the order of the outputs: {', '.join(names[:SHOWN_LABELS])}{more}."
    )


def _origin(found: dict[str, Any]) -> str:
    training = ", ".join(f"{name} {value}" for name, value in found["training"].items())
    return (
        f"## How it was found\n\nTrial {found['number']} of {found['trials']} of the run "
        f"{found['run']}: {found['strategy']} over the space {found['space']}, seed "
        f"{found['seed']}, best by {found['metric']}. Trained on the training split only, with "
        f"{training}; these are the weights after the last epoch.\n\n"
        "`architecture.json` has all of this as data, `weights.safetensors` the weights, and "
        "`space.py` builds the network."
    )
