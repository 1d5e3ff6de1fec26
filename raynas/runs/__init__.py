"""A run as a folder: its options, record, lock and storage.

Import what you need from its modules, or from `raynas` itself; importing this package alone loads
nothing, which keeps the command line quick.
"""

__all__: list[str] = []
