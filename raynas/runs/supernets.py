"""What a run says about supernets, whose trials are unlike those of candidates."""

from raynas.runs.options import RunOptions
from raynas.runs.record import Trial
from raynas.runs.running import Running
from raynas.space import describe


def trials_in_words(config: RunOptions) -> str:
    """Say how many trials a run has, and how long they are."""
    supernet = config.options.get("supernet_epochs")
    if supernet is None:
        return f"{config.trials:,} trials of {config.epochs} epochs"
    return (
        f"{config.trials} trials, supernets ({supernet} epochs) and the architectures that they "
        f"derive ({config.epochs} epochs)"
    )


def running_words(trial: Running) -> str:
    """Say what is trained; of a supernet, how it does and what is derived now."""
    supernet = trial.proposal.supernet
    if supernet is None:
        return describe(trial.proposal.architecture.value)
    if not trial.curve:
        return "supernet"
    now = trial.curve[-1]
    return (
        f"supernet, epoch {now['epoch']}/{supernet['all_epochs']}, accuracy "
        f"{now['supernet_val_accuracy']:.4f}, entropy of alphas {now['alpha_entropy']:.3f}, "
        f"{now['skips']:g} skips, {now['nones']:g} nones: {describe(now['architecture'])}"
    )


def derived_words(trial: Trial) -> str:
    """Say what a supernet came to, and what it warned of."""
    derived = describe(trial.derived.value) if trial.derived else "nothing"
    warnings = "".join(f"; {warning}" for warning in trial.proposal.notes.get("warnings", ()))
    return f"{trial.epochs} epochs, derived {derived}{warnings}"
