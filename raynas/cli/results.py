"""The commands for the network that a search found: retrain, export."""

from typing import Any

from raynas.cli.arguments import RunPath, Verbose, options_of, read_call
from raynas.cli.run_command import finish, loading, run_command
from raynas.options.command_options import ExportCall, RetrainCall
from raynas.terminal.output import Output


@options_of(RetrainCall)
def retrain(call_values: dict[str, Any], run_folder: RunPath, verbose: Verbose = False) -> None:
    """Train an architecture that a search found in full, and test it once at the end.

    It learns from the training split; validation is only watched. The result is a run folder in
    retrained/ of the search's; the same command again goes on with it.

    Example: raynas retrain runs/my-run --epochs 200 --seeds 3 --set learning_rate=0.003
    """

    def run(output: Output) -> None:
        call = read_call(RetrainCall, call_values)
        loading(output)

        from raynas.results.retrain import retrain_run

        finish(retrain_run(run_folder, call, output.view()), output)

    run_command(run, verbose=verbose)


@options_of(ExportCall)
def export(call_values: dict[str, Any], run_folder: RunPath) -> None:
    """Write a found network as a program that runs without raynas, with its weights and a card.

    It takes the retrained network where there is one (see raynas retrain), and checks on real
    inputs that what it wrote does the same. The normalisation is inside, the batch is dynamic.

    Example: raynas export runs/my-run --format onnx --quantize int8
    """

    def run(output: Output) -> None:
        call = read_call(ExportCall, call_values)
        loading(output)

        from raynas.results.export import export_run, summary

        for line in summary(export_run(run_folder, call)):
            output.say(line)

    run_command(run, verbose=False)
