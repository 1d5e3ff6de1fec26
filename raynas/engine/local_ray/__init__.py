"""A Ray of our own on this machine: its start, its workers, its end."""
