"""Same as `restorekit prepare pairs`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('prepare', 'pairs')
