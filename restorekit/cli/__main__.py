"""`python -m restorekit.cli`, for where the command is not on the path."""

from restorekit.cli import main

main()
