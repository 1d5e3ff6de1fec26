"""The columns of tables: which are labels, images and features, and which are left out."""

__all__: list[str] = []
