"""The columns of Parquet tables: which are labels, images and numbers, and which are left out."""

__all__: list[str] = []
