"""`restorekit serve`."""

from __future__ import annotations

import argparse
from functools import partial

from restorekit.cli.result_options import add_precision_option
from restorekit.limits import limit_pixels
from restorekit.memory import give_back_memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the page is, who may see it, and how much it takes."""
    parser.description = """A page in the browser: photographs, or the exposures of a scene, in;
        before and after under a slider, and files to keep, out. It is for this machine alone
        unless --host says otherwise."""
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        metavar='ADDRESS',
        help='where to listen; 0.0.0.0: to the whole network, with a token (default: %(default)s)',
    )
    parser.add_argument(
        '--port', type=int, default=8000, metavar='N', help='0: any free one (default: %(default)s)'
    )
    parser.add_argument(
        '--token',
        metavar='TEXT',
        help='what a browser must know (default: made at random, where others can ask)',
    )
    parser.add_argument(
        '--name',
        action='append',
        default=[],
        metavar='HOST',
        help='a host name under which a proxy or other machines know the page; may be repeated',
    )
    parser.add_argument('--device', metavar='NAME', help='(default: a GPU if there is one)')
    add_precision_option(parser)
    parser.add_argument(
        '--max-pixels',
        type=int,
        default=10**8,
        metavar='N',
        help='of all pictures of a job together, and of its result (default: %(default)s)',
    )
    parser.add_argument(
        '--max-megabytes',
        type=float,
        default=200,
        metavar='N',
        help='of all files of a job together (default: %(default)s)',
    )
    parser.add_argument(
        '--max-users',
        type=int,
        default=16,
        metavar='N',
        help='jobs that are sent, wait or are computed at a time (default: %(default)s)',
    )
    parser.add_argument('--open', action='store_true', help='show the page in the browser')


def run(args: argparse.Namespace) -> None:
    """Serve until Ctrl-C."""
    limit_pixels(args.max_pixels)
    from restorekit.web.limits import Limits
    from restorekit.web.server import Options, serve

    limits = Limits(pixels=args.max_pixels, megabytes=args.max_megabytes, users=args.max_users)
    serve(
        Options(
            host=args.host,
            port=args.port,
            token=args.token,
            names=args.name,
            device=args.device,
            precision=args.precision,
            limits=limits,
            open_browser=args.open,
            rest=give_back_memory,
        ),
        say=partial(print, flush=True),
    )
