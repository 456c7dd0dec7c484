"""`python -m restorekit`, for where the command is not on the path."""

from restorekit.cli import main

main()
