"""The entries of a config, each to be built by its type."""

from __future__ import annotations

from collections.abc import Iterator

from restorekit.options import untyped
from restorekit.registry import TRANSFORMS, UnknownTypeError

# Keys whose dict is built, and keys whose dicts are: an entry of them names its type.
BUILT = ('model', 'backbone', 'loss', 'dataset', 'sampler', 'optimizer')
ALL_BUILT = ('losses', 'pipeline', 'transforms', 'steps', 'custom_hooks', 'vis_backends')
EVALUATORS = ('val_evaluator', 'test_evaluator')
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
PACKER = 'PackInputs'
KNOWN_PACKAGES = ('restorekit', 'mmcv', 'mmengine')  # none of their other transforms packs


def entries(node: object, place: tuple) -> Iterator[tuple[tuple, dict]]:
    """Every dict at `node` and below it, with its place."""
    if isinstance(node, dict):
        yield place, node
    if isinstance(node, dict | list | tuple):
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in [*children]:
            yield from entries(child, (*place, key))


def typed_entries(node: object, place: tuple) -> Iterator[tuple[tuple, dict]]:
    """Every dict at `node` and below it that has the name of a type, with its place."""
    for where, entry in entries(node, place):
        if isinstance(entry.get('type'), str):
            yield where, entry


def type_problems(config: dict, heads: list[str]) -> Iterator[str]:
    """Entries that cannot be built, since their type is missing or no name.

    Args:
        config: All of it.
        heads: The keys at its top that are looked below; others are variables of the file's own.
    """
    for place, entry in entries(config, ()):
        if place and place[0] in heads:
            missing = 'type' not in entry and _is_built(place, entry)
            # A class may stand for its name in a file that is Python.
            senseless = isinstance(entry.get('type', ''), int | float | list | tuple | None)
            if missing or senseless:
                yield f'{".".join(map(str, place))}: {untyped(entry)}'


def _is_built(place: tuple, entry: dict) -> bool:
    if place[0] in EVALUATORS:
        return len(place) == 1 + isinstance(place[-1], int) and 'metrics' not in entry
    return place[-1] in BUILT or (len(place) > 1 and place[-2] in ALL_BUILT)


def pipeline_problems(config: dict) -> Iterator[str]:
    """Pipelines of the loaders' datasets that give no `inputs`."""
    for head in LOADERS:
        for place, entry in entries(config.get(head), (head,)):
            pipeline = entry.get('pipeline')
            if not isinstance(pipeline, list | tuple):
                continue
            kinds = [found['type'] for _, found in typed_entries(pipeline, ())]
            if not any(_may_pack(kind) for kind in kinds):
                where = '.'.join(map(str, (*place, 'pipeline')))
                yield f'{where}: must end with {PACKER}, got {", ".join(kinds) or "nothing"}'


def _may_pack(kind: str) -> bool:
    try:
        found = TRANSFORMS.get(kind)
    except UnknownTypeError:  # named by another check
        return True
    package = getattr(found, '__module__', '').partition('.')[0]
    return getattr(found, '__name__', '') == PACKER or package not in KNOWN_PACKAGES
