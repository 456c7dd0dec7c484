"""Same as `restorekit restore`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('restore')
