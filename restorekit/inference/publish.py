"""Checkpoints turned into files to be shipped."""

from __future__ import annotations

import dataclasses
import json
import statistics
from pathlib import Path

from restorekit.blocks import fuse
from restorekit.catalogue import Card, card_from
from restorekit.config import load_config
from restorekit.config.embedded import embedded_config, model_data
from restorekit.io import check_writable
from restorekit.io.checkpoint import CheckpointError, read_checkpoint
from restorekit.io.fitting import load_weights
from restorekit.io.weights import SUFFIX, write_weights
from restorekit.registry import MODELS
from restorekit.restorers import BaseRestorer, Restorer


def publish(
    checkpoint: str | Path,
    target: str | Path,
    card: str | Path,
    results: str | Path | None = None,
    bfloat16_results: str | Path | None = None,
) -> Card:
    """Write a checkpoint's weights, its model and its card as one file.

    Averaged weights of a run are taken where the checkpoint holds them as its `state_dict`.
    Architecture and number of parameters are counted, not taken from the card.

    Args:
        checkpoint: A checkpoint, or a file of weights whose card is to be replaced.
        target: `NAME.safetensors`; an older one is replaced.
        card: JSON with the fields of `restorekit.catalogue.Card`.
        results: `results.json` that `restorekit test` wrote for these weights; its means become the
            card's figures.
        bfloat16_results: The same of `restorekit test --precision bfloat16`; by how much at most
            a figure in dB is lower becomes the card's `bfloat16_loss`.
    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If one is not what it should be.
        OSError: If the target cannot be written.
    """
    if Path(target).suffix != SUFFIX:
        raise ValueError(f'{target}: the file to be shipped is named NAME{SUFFIX}')
    values = _read_json(card)
    held = read_checkpoint(checkpoint)
    model = held.get('meta', {}).get('model')
    if not isinstance(model, dict):
        model = model_data(load_config(card_from(values, str(card)).config))
    if model is None:
        raise CheckpointError(f'{checkpoint}: holds no model, and the config of {card} is no data')
    if results is not None:
        values |= figures_of(_read_json(results), str(results))
    if bfloat16_results is not None:
        values['bfloat16_loss'] = _loss(values, bfloat16_results)
    restorer = MODELS.build(embedded_config({'meta': {'model': model}}, str(checkpoint)).model)
    load_weights(restorer, held['state_dict'], source=str(checkpoint))
    values |= _counted(restorer)
    finished = card_from(values, str(card))
    check_writable(Path(target).parent)
    write_weights(target, held['state_dict'], model=model, card=dataclasses.asdict(finished))
    return finished


def _counted(restorer: BaseRestorer) -> dict[str, str | int]:
    """The fields of a card that the network itself tells."""
    fuse(restorer)  # what runs is counted
    part = restorer.backbone if isinstance(restorer, Restorer) else restorer
    return {
        'architecture': type(part).__name__,
        'parameters': sum(parameter.numel() for parameter in restorer.parameters()),
        'scale': restorer.scale,
    }


def figures_of(results: dict, source: str) -> dict[str, list]:
    """A card's `figures` and `protocol`, from what a test has written.

    Args:
        results: Of `results.json`: by metric `protocol` and `images`, a row for each.
        source: The file, for messages.
    Raises:
        ValueError: If it is not that.
    """
    figures = []
    try:
        for metric, part in results.items():
            sets = dict.fromkeys(row['dataset'] for row in part['images'])
            for dataset in sets:
                rows = [row for row in part['images'] if row['dataset'] == dataset]
                means = {
                    key: round(statistics.fmean(row[key] for row in rows), 4)
                    for key in ('input', 'value')
                    if key in rows[0]
                }
                figures.append({'dataset': dataset, 'metric': metric, **means})
        return {'figures': figures, 'protocol': [part['protocol'] for part in results.values()]}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f'{source}: no results.json of a test ({error!r})') from None


def _loss(card: dict, path: str | Path) -> float:
    """By how many dB at most one of the card's figures falls in bfloat16."""
    half = figures_of(_read_json(path), str(path))
    if 'bfloat16' not in half['protocol'][0]:
        raise ValueError(f'{path}: not of a test in bfloat16 ({half["protocol"][0]})')
    full = {(each['dataset'], each['metric']): each['value'] for each in card.get('figures') or ()}
    lower = {(each['dataset'], each['metric']): each['value'] for each in half['figures']}
    if not lower.keys() <= full.keys():
        raise ValueError(f'{path}: not of the test of the results: {[*lower]}, and {[*full]}')
    in_db = [key for key in lower if key[1].startswith('PSNR')]
    return round(max(full[key] - lower[key] for key in in_db), 4)


def _read_json(path: str | Path) -> dict:
    try:
        values = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: no such file') from None
    except ValueError as error:
        raise ValueError(f'{path}: no JSON ({error})') from None
    if not isinstance(values, dict):
        raise ValueError(f'{path}: expected a JSON object, got {type(values).__name__}')
    return values
