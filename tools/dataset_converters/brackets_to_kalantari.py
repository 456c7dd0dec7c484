"""Same as `restorekit prepare brackets`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('prepare', 'brackets')
