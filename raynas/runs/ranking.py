"""The trials of a run in the order of how good they are."""

from raynas.runs.run_folder import RunFolder
from raynas.runs.trial import Trial


def ranked(trials: list[Trial], run: RunFolder) -> list[Trial]:
    """Return the completed trials, the best first, the earlier one first among equals."""
    metric, sign = run.config.metric, 1 if run.config.mode == "min" else -1
    completed = (t for t in trials if t.status == "completed" and t.proposal.supernet is None)
    return sorted(completed, key=lambda trial: sign * trial.metrics[metric])


def ranked_trial(run: RunFolder, rank: int) -> Trial:
    """Return the completed trial of a rank, 1 for the best.

    Raises:
        ValueError: the run has no such rank.
    """
    trials = ranked(list(run.trials()), run)
    if not 1 <= rank <= len(trials):
        have = f"1 to {len(trials)}" if trials else "a run with a completed trial"
        raise ValueError(f"rank: expected {have}, got {rank} ({run.folder.uri})")
    return trials[rank - 1]
