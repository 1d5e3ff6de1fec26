"""Files of tables: what reads each kind, and what is said of others."""

__all__: list[str] = []
