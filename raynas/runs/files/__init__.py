"""What a run folder's files need, whatever they hold: plain files, URIs, checksums."""

__all__: list[str] = []
