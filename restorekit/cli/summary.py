"""`restorekit summary`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restorekit.restorers import BaseRestorer

SIZES = (64, 128, 256)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model, and on what sizes it is measured."""
    parser.description = """What a model costs: its parameters, multiply-adds, receptive field, and
        the time and memory that images of several sizes take."""
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='a model of `restorekit models`, a config, or a checkpoint that holds its own',
    )
    parser.add_argument(
        '--sizes',
        type=int,
        nargs='+',
        default=SIZES,
        metavar='N',
        help='sides of the square images that are measured, in pixels (default: 64 128 256)',
    )
    parser.add_argument('--device', metavar='DEVICE', help='(default: a GPU if there is one)')
    parser.add_argument('--json', action='store_true', help='print JSON')


def run(args: argparse.Namespace) -> None:
    """Measure, and print a table or JSON."""
    from restorekit.functional import tf32
    from restorekit.inference.inferencer import device_of

    if min(args.sizes) < 1:
        raise ValueError(f'--sizes: expected lengths >= 1, got {min(args.sizes)}')
    device = device_of(args.device)
    model = build(args.model).to(device)
    with tf32(False):
        found = measured(model, list(args.sizes))
    found = {'model': args.model, 'device': str(device), **found}
    print(json.dumps(found, indent=1) if args.json else summary_text(found))


def build(name: str) -> BaseRestorer:
    """The model of a name, config or checkpoint; weights are random where a config has none.

    Raises:
        ValueError, OSError: As `load_restorer` says.
    """
    from restorekit.blocks import fuse
    from restorekit.catalogue import is_model
    from restorekit.config import load_config
    from restorekit.inference import load_restorer
    from restorekit.registry import MODELS

    if is_model(name):
        return load_restorer(name)
    if Path(name).suffix != '.py':
        return load_restorer(None, name)
    config = load_config(name)
    if not config.get('model'):
        raise ValueError(f'{config.filename}: no model in this config')
    model = MODELS.build(config.model)
    fuse(model)
    return model.eval()


def measured(model: BaseRestorer, sizes: list[int]) -> dict[str, Any]:
    """Everything that is known of a model, as plain data."""
    import torch

    from restorekit.inference.measuring import cost, receptive_field

    field = receptive_field(model, sizes)
    backbone = getattr(model, 'backbone', model)
    return {
        'architecture': type(backbone).__name__,
        'parameters': sum(parameter.numel() for parameter in model.parameters()),
        'scale': model.scale,
        'channels': model.data_preprocessor.channels,
        'frames': (model.num_frames or 'any') if model.takes_bracket else None,
        'receptive_field': None if field is None else field._asdict(),
        'threads': torch.get_num_threads(),
        'sizes': [{'size': [side, side], **cost(model, side, side)._asdict()} for side in sizes],
    }


def summary_text(found: dict[str, Any]) -> str:
    """For reading."""
    channels = f'{found["channels"]} channel{"s" if found["channels"] > 1 else ""}'
    frames = f', {found["frames"]} frames' if found['frames'] else ''
    place = found['device']
    if place == 'cpu':
        place += f', {found["threads"]} thread{"s" if found["threads"] > 1 else ""}'
    lines = [
        f'{found["model"]}: {found["architecture"]}, x{found["scale"]}, {channels}{frames}',
        f'parameters       {found["parameters"]:,}',
        f'receptive field  {_field(found["receptive_field"])}',
        '',
        f'{"input":<12}{"multiply-adds":>15}{"time":>12}{"memory":>12}   ({place})',
    ]
    for row in found['sizes']:
        size = ' x '.join(map(str, row['size']))
        lines.append(
            f'{size:<12}{row["multiply_adds"] / 1e9:>13.3f} G'
            f'{1e3 * row["seconds"]:>9.1f} ms{row["peak_bytes"] / 2**20:>8.1f} MiB'
        )
    lines += ['', 'Multiply-adds are those of convolutions and matrix products.']
    return '\n'.join(lines)


def _field(field: dict[str, int | None] | None) -> str:
    if field is None:
        return 'not measured: no gradient goes through'
    if field['rows'] is None or field['columns'] is None:
        whole = f'the whole of an image of {field["side"]} x {field["side"]}'
    else:
        whole = f'{field["rows"]} x {field["columns"]} pixels of the input'
    return f'{whole}; 99 % of the gradient in {field["most"]} x {field["most"]}'
