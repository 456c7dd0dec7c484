"""`restorekit publish`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to ship, and what is known of it."""
    parser.description = """Write a checkpoint's weights, the config of its network and its card as
        one file, which `-m NAME` finds in the folder that RESTOREKIT_WEIGHTS names."""
    parser.add_argument('checkpoint', metavar='CHECKPOINT', help='of a run, or a file of weights')
    parser.add_argument('target', type=Path, metavar='NAME.safetensors', help='the file to write')
    parser.add_argument(
        '--card', required=True, metavar='JSON', help='task, scale, description, licence, data, …'
    )
    parser.add_argument(
        '--results', metavar='JSON', help='results.json of `restorekit test` on these weights'
    )
    parser.add_argument(
        '--bfloat16-results',
        metavar='JSON',
        help='those of `restorekit test --precision bfloat16`: what that precision costs',
    )


def run(args: argparse.Namespace) -> None:
    """Write the file."""
    from restorekit.inference.publish import publish

    card = publish(args.checkpoint, args.target, args.card, args.results, args.bfloat16_results)
    size = args.target.stat().st_size
    print(f'{args.target}: {card.architecture}, {card.parameters} parameters, {size} bytes')
