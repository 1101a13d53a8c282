"""`python -m sentree`: the command line, where its script is not on the path."""

from sentree.cli import main

main()
