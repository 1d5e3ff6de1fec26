"""One search on Ray: cluster, ledger, Tune's loop, trials of one worker and of several."""

__all__: list[str] = []
