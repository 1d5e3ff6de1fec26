"""Files of tables: what reads each kind, and what is said of others."""

from raynas.data.readers.reader_table import READERS, reader_of

__all__ = ["READERS", "reader_of"]
