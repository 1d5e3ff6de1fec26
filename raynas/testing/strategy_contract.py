"""The contract of a strategy."""

from raynas.testing.canonical_contract import CanonicalContract
from raynas.testing.history_contract import HistoryContract
from raynas.testing.proposals_contract import ProposalsContract
from raynas.testing.results_contract import ResultsContract


class StrategyContract(ProposalsContract, ResultsContract, HistoryContract, CanonicalContract):
    """What every strategy must do, without Ray and without training anything.

    A subclass, of which pytest collects what is named Test…, implements `make` and may say more:
    `spaces` where the strategy cannot search all of ours, `seeded = False` where the seed changes
    nothing (a grid).

        class TestMine(StrategyContract):
            def make(self, space, seed, **options):
                return Mine(space, seed=seed, **options)
    """
