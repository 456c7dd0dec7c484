"""Same as `restorekit convert ahdrnet`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('convert', 'ahdrnet')
