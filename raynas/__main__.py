"""`python -m raynas`: the command line."""

from raynas.cli import main

main()
