"""Same as `restorekit convert cfnet`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('convert', 'cfnet')
