"""What stops trials that do badly before their last epoch: the options of each scheduler."""

from pydantic import Field

from raynas.options.option_model import Options, like


class SchedulerOptions(Options):
    """The options of a scheduler; here, of none."""


class Graceful(SchedulerOptions):
    """A scheduler that lets every trial begin."""

    grace_period: int = Field(1, ge=1, description="Epochs that every trial is given.")


class AshaOptions(Graceful):
    """Asynchronous successive halving (Li 2020, arXiv:1810.05934); nothing waits for others.

    At each rung (`grace_period` epochs, then `reduction_factor` times as many, …) a trial goes on
    if it is among the best one in `reduction_factor` of those that came to that rung before it.
    """

    reduction_factor: int = Field(4, ge=2, description="One trial in so many is promoted.")


class HyperbandOptions(SchedulerOptions):
    """Hyperband (Li 2018, arXiv:1603.06560), asynchronous as in Li 2020.

    Trials are dealt to brackets that stop ever later, in the paper's proportions, and each bracket
    is one of ASHA. Ray's own HyperBandScheduler pauses trials until a bracket is full and halves
    it: meanwhile a strategy would wait for results, and workers for the strategy.
    """

    reduction_factor: int = like(AshaOptions, "reduction_factor", default=3)


class MedianOptions(Graceful):
    """Vizier's rule (Golovin 2017, https://doi.org/10.1145/3097983.3098043).

    A trial stops if its best so far is worse than the median of the others' means until then.
    """

    min_samples: int = Field(3, ge=1, description="Other trials that the median needs.")


SCHEDULERS: dict[str, type[SchedulerOptions]] = {
    "none": SchedulerOptions,
    "asha": AshaOptions,
    "hyperband": HyperbandOptions,
    "median": MedianOptions,
}
