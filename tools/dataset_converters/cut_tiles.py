"""Same as `restorekit prepare tiles`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('prepare', 'tiles')
