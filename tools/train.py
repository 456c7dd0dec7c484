"""Same as `restorekit train`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('train')
