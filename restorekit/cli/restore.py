"""`restorekit restore`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restorekit.cli.options import add_pixel_limit, add_weights_options
from restorekit.cli.result_options import (
    add_bracket_options,
    add_compute_options,
    add_result_options,
)
from restorekit.limits import limit_pixels
from restorekit.memory import give_back_memory
from restorekit.progress import Progress

if TYPE_CHECKING:
    from restorekit.functional.alignment import Alignment
    from restorekit.inference import Inferencer, Job, Output, Size, Source

TASKS = ('sr', 'jpeg', 'hdr', 'fusion')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to restore, with what, and where to."""
    parser.description = """Restore image files. Where no model is named, a picture is enlarged
        twice, one from a lossy JPEG after its artifacts are removed, and the exposures of a scene
        are merged. Files that are done already are left out, so that a run that was stopped goes
        on; under torchrun or srun each process takes its share."""
    parser.add_argument(
        'images',
        nargs='+',
        metavar='IMAGE',
        help='files; folders, with all below them; patterns in quotes ("**/*.jpg"); @FILE or -, a '
        'list in a file or on standard input. The exposures of a scene lie in a folder each',
    )
    parser.add_argument('-o', '--out', required=True, metavar='OUT', help='a folder, or a file')
    parser.add_argument(
        '--task',
        choices=TASKS,
        help='what to do where no model is named: super-resolution, JPEG artifact removal, HDR or '
        'a fused picture from a bracket (default: by the file)',
    )
    parser.add_argument(
        '--scale',
        type=int,
        metavar='N',
        help='enlarge N times where no model is named (default: 2, and 1 of brackets)',
    )
    add_weights_options(parser, device='a GPU if there is one')
    add_result_options(parser)
    add_bracket_options(parser)
    add_compute_options(parser)
    add_pixel_limit(parser)
    parser.add_argument(
        '--dry-run', action='store_true', help='say what would be written, and do nothing'
    )


def run(args: argparse.Namespace) -> None:
    """Restore; every image that fails is named, the others are done."""
    limit_pixels(args.max_pixels)
    from restorekit.inference import plan_jobs, run_jobs

    for option, value in (('-o', args.out), ('-m', args.model), ('-w', args.weights)):
        if value == '':
            raise ValueError(f"{option}: expected a name, got ''")
    output, size, named = _output(args), _size(args), _named(args)
    sources = _sources(args, named)
    inferencers = [named] * len(sources) if named else _chosen(args, sources)
    _align(args.align, inferencers)
    if args.precision != 'auto':
        print('; '.join(sorted({restore.precision for restore in inferencers})))
    models = [restore.model for restore in inferencers]
    jobs = plan_jobs(sources, args.out, models, output, make_folders=not args.dry_run)
    pairs = _to_do(args, jobs, inferencers)
    if args.dry_run:
        for job, _ in pairs:
            print(f'{job.source} -> {", ".join(map(str, job.written))}')
        return
    failures = []
    todo = [job for job, _ in pairs]
    inferencers = [restore for _, restore in pairs]
    outcomes = run_jobs(todo, inferencers, output, size=size, ev=args.ev, rest=give_back_memory)
    progress = Progress('Restoring', len(todo), say=lambda _: None)  # each file has its own line
    for number, outcome in enumerate(outcomes, start=1):
        progress.clear()
        if outcome.fault:
            failures.append(outcome.fault)
        else:
            notes = f' ({"; ".join(outcome.notes)})' if outcome.notes else ''
            print(f'{outcome.job.source} -> {outcome.job.target}{notes}', flush=True)
        progress.update(number)
    if failures:
        print(f'{len(todo) - len(failures)} of {len(todo)} images restored', file=sys.stderr)
        raise ValueError('\n  '.join(failures))


def _output(args: argparse.Namespace) -> Output:
    from restorekit.inference import Output

    if args.quality is not None and not 1 <= args.quality <= 100:
        raise ValueError(f'--quality must be 1 to 100, got {args.quality}')
    suffix = None if args.format is None else f'.{args.format.lower().lstrip(".")}'
    tone = None if args.tonemap == 'none' else args.tonemap
    return Output(args.bits, suffix, args.quality, tone)


def _sources(args: argparse.Namespace, named: Inferencer | None) -> list[Source]:
    """This process's share of what is to be restored."""
    from restorekit.inference import find_sources
    from restorekit.inference.shares import share

    # Who says their exposures calls them brackets.
    wanted = args.task in ('hdr', 'fusion') if args.task else bool(args.ev) or None
    sources = find_sources(
        args.images,
        brackets=wanted if named is None else named.model.takes_bracket,
        bracket_size=args.bracket_size,
        leave_out=Path(args.out),
    )
    if not any(source.is_bracket for source in sources):
        for option, value in (('--ev', args.ev), ('--bracket-size', args.bracket_size)):
            if value:
                raise ValueError(f'{option} is for brackets; there is none among these pictures')
    return share(sources)


def _options(args: argparse.Namespace) -> dict[str, Any]:
    from restorekit.inference.shares import own_device

    return {
        'device': own_device() if args.device is None else args.device,
        'tile': args.tile,
        'overlap': args.overlap,
        'ensemble': args.ensemble,
        'precision': args.precision,
    }


def _named(args: argparse.Namespace) -> Inferencer | None:
    """The model that the user names."""
    from restorekit.inference import Inferencer

    if args.model is None and args.weights is None:
        return None
    if args.task or args.scale:
        raise ValueError('--task and --scale choose a model; one is named already')
    return Inferencer(args.model, args.weights, unsafe_load=args.unsafe_load, **_options(args))


def _chosen(args: argparse.Namespace, sources: Sequence[Source]) -> list[Inferencer]:
    """One for each source; sources with equal needs share theirs."""
    from restorekit.inference import Inferencer, choose

    scale = args.scale
    if scale is None and args.outscale is not None and args.task != 'jpeg':
        scale = next((scale for scale in (2, 3, 4) if scale >= args.outscale), 4)
    choices = [choose(source, args.task, scale, ev=args.ev) for source in sources]
    for source, choice in zip(sources, choices, strict=True):
        print(f'{source}: {choice}')
    built = {models: Inferencer(models, **_options(args)) for models in {c.models for c in choices}}
    return [built[choice.models] for choice in choices]


def _size(args: argparse.Namespace) -> Size | None:
    from restorekit.inference import Size
    from restorekit.inference.running import MOST

    if args.outscale is not None and not 0 < args.outscale <= MOST:
        raise ValueError(f'--outscale must be above 0 and {MOST} at most, got {args.outscale}')
    if args.outscale is None and args.size is None:
        return None
    return Size(args.outscale, args.size)


def _align(kind: Alignment | None, inferencers: Sequence[Inferencer]) -> None:
    from restorekit.restorers.classical import bracket_methods

    if kind is None:
        return
    for restore in inferencers:
        methods = bracket_methods(restore.model)
        if not methods:
            raise ValueError(
                '--align is for methods without a network: name one, -m debevec or -m mertens'
            )
        for method in methods:
            method.align = kind


def _to_do(
    args: argparse.Namespace, jobs: Sequence[Job], inferencers: Sequence[Inferencer]
) -> list[tuple[Job, Inferencer]]:
    """The jobs that are not done.

    Raises:
        ValueError: If all sources were named and a result exists, or a part of one does.
    """
    pairs = list(zip(jobs, inferencers, strict=True))
    if args.overwrite:
        return pairs
    todo = [pair for pair in pairs if not pair[0].is_done]
    # Part of a result may be somebody else's file.
    all_named = {job.source.path for job in jobs} <= {Path(word) for word in args.images}
    to_make = jobs if all_named else [job for job, _ in todo]
    existing = [str(path) for job in to_make for path in job.written if path.exists()]
    if existing:
        raise ValueError(f'exists already: {", ".join(existing)}; --overwrite replaces')
    if len(todo) < len(pairs):
        print(f'{len(pairs) - len(todo)} of {len(pairs)} are done already; --overwrite replaces')
    return todo
