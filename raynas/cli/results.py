"""The commands for the network that a search found: retrain, export."""

from typing import Annotated

import typer

from raynas.cli.arguments import Address, RunPath, Verbose, parse_set, set_option
from raynas.cli.run_command import finish, run_command
from raynas.terminal.output import Output

Rank = Annotated[
    int, typer.Option(min=1, help="Which architecture: 1 is the best of the search, 2 the next …")
]


def retrain(
    run_folder: RunPath,
    rank: Rank = 1,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs (default: ten times those of the search).", show_default=False
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Train it so many times from other weights, for mean and spread (default: 1).",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            help="Name of its folder in retrained/ (default: trial-NUMBER).", show_default=False
        ),
    ] = "",
    cpus_per_trial: Annotated[
        float | None,
        typer.Option(help="CPU cores for each seed (default: the search's).", show_default=False),
    ] = None,
    gpus_per_trial: Annotated[
        float | None,
        typer.Option(help="GPUs for each seed (default: the search's).", show_default=False),
    ] = None,
    logger: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="As of search (default: the search's); repeat it for more.",
            show_default=False,
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        set_option(
            "An option of the training (batch_size, learning_rate, optimizer, …), in place of "
            "the search's; repeat it for more."
        ),
    ] = None,
    address: Address = None,
    verbose: Verbose = False,
) -> None:
    """Train an architecture that a search found in full, and test it once at the end.

    It learns from the training split; validation is only watched. The result is a run folder in
    retrained/ of the search's; the same command again goes on with it.

    Example: raynas retrain runs/my-run --epochs 200 --seeds 3 --set learning_rate=0.003
    """

    def run(output: Output) -> None:
        from raynas.results.retrain import retrain_run

        retrained = retrain_run(
            run_folder,
            rank=rank,
            epochs=epochs,
            seeds=seeds,
            name=name,
            options=parse_set(set_),
            logger=logger or None,
            view=output.view(),
            cpus_per_trial=cpus_per_trial,
            gpus_per_trial=gpus_per_trial,
            address=address,
        )
        finish(retrained, output)

    run_command(run, verbose=verbose)


def export(
    run_folder: RunPath,
    rank: Rank = 1,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="pytorch: a torch.export program that torch alone runs; onnx: a model that "
            "onnxruntime alone runs (needs raynas\\[onnx]).",
        ),
    ] = "pytorch",
    output: Annotated[
        str,
        typer.Option(
            help="Folder to write (default: exported/trial-NUMBER-FORMAT in the run folder).",
            show_default=False,
        ),
    ] = "",
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="int8",
            help="Also write the network in 8 bits, calibrated on training data (pytorch: needs "
            "raynas\\[int8]).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a found network as a program that runs without raynas, with its weights and a card.

    It takes the retrained network where there is one (see raynas retrain), and checks on real
    inputs that what it wrote does the same. The normalisation is inside, the batch is dynamic.

    Example: raynas export runs/my-run --format onnx --quantize int8
    """

    def run(output_: Output) -> None:
        from raynas.results.export import export_run, summary

        exported = export_run(
            run_folder, rank=rank, format_=format_, output=output, quantize=quantize
        )
        for line in summary(exported):
            output_.say(line)

    run_command(run, verbose=False)
