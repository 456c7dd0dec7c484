"""Same as `restorekit check-resume`."""

from restorekit.cli import main

if __name__ == '__main__':
    main('check-resume')
