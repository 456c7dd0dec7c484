"""A restorer as one file that runs without this package."""

from __future__ import annotations

import io
import json
import logging
import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from restorekit.functional import tf32
from restorekit.io import write_whole
from restorekit.restorers import BaseRestorer, Restorer
from restorekit.version import __version__

FORMATS = ('.pt2', '.onnx')
FACTS = 'restorekit.json'
# N, H, W of the images to trace with, and to compare with: odd ones, and larger ones.
TRACED, COMPARED = (2, 48, 64), ((1, 37, 51), (3, 131, 170))
TOLERANCE = 1e-4


class ExportError(ValueError):
    """A model cannot be exported, or the file does not compute what the model does."""


@tf32(False)
def export(model: BaseRestorer, path: str | Path, *, size: tuple[int, int] | None = None) -> float:
    """Write a restorer as a program: `.pt2` for torch.export.load, `.onnx` for ONNX Runtime.

    The program takes RGB `images`, (N, 3, H, W), or brackets, (N, K, 3, H, W), dark to bright, in
    [0, 1], and where the model needs them `exposures`, (N, K), in EV; it gives what `Inferencer`
    gives, (N, 3, scale H, scale W): with a network for luma the chroma is kept inside. A JSON text
    in the file, 'restorekit.json', says so too.

    Before it is written the program is loaded and run on images of other sizes than it was traced
    with, on the CPU where it is ONNX, and compared with the model, without TF32: whether a GPU
    uses that later is for the process to say that runs the program.

    Args:
        model: Folded, in evaluation mode, on the device that the program is for; its weights are
            left in the usual order of memory.
        path: Where to; the suffix says the format.
        size: H, W of all images that the program will get; any by default.
    Returns:
        The largest difference between program and model on the images compared.
    Raises:
        ExportError: If the suffix is neither, the model cannot be traced or translated, or the
            difference is more than 1e-4.
        ModuleNotFoundError: If it is ONNX and the extra is missing.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    check_target(path)
    facts = json.dumps(_facts(model, size))
    for part in model.modules():
        if isinstance(part, Restorer):  # torch.export.save warns of weights in another order
            part.use_channels_last(False)
    program = _trace(model, path, size)
    try:
        if path.suffix == '.pt2':
            buffer = io.BytesIO()
            torch.export.save(program, buffer, extra_files={FACTS: facts})
            data = buffer.getvalue()
        else:
            data = _onnx(program, facts)
        found = _differences(model, data, path.suffix, size)
        # A NaN compares as neither larger nor smaller, and would be lost behind a number.
        difference = max(found, key=lambda one: math.inf if math.isnan(one) else one)
    except Exception as error:  # translators raise whatever they stumble over
        raise ExportError(f'{path}: {_reason(error)}{_advice(size)}') from error
    if not difference <= TOLERANCE:
        raise ExportError(
            f'{path}: the program differs from the model by {difference:.1e}{_advice(size)}'
        )
    write_whole(path, data)
    return difference


def check_target(path: Path) -> None:
    """Raise where a program cannot be written to `path`, before any work.

    Raises:
        ExportError, ModuleNotFoundError: As `export` says.
    """
    if path.suffix not in FORMATS:
        raise ExportError(f'{path}: expected a file that ends in {" or ".join(FORMATS)}')
    if path.is_dir():
        raise ExportError(f'{path}: is a folder')
    if path.suffix == '.onnx':
        _require_onnx(path)


class _Program(nn.Module):
    """What is traced: `restore`, with the range of the Inferencer's results."""

    def __init__(self, restorer: BaseRestorer) -> None:
        super().__init__()
        self.restorer = restorer

    def forward(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        restored = self.restorer.restore(images, exposures)
        return restored.clamp(0, None if self.restorer.linear else 1)


def _trace(
    model: BaseRestorer, path: Path, size: tuple[int, int] | None
) -> torch.export.ExportedProgram:
    any_length = getattr(torch.export.Dim, 'DYNAMIC', None)
    if any_length is None:
        raise ExportError(f'{path}: export needs torch 2.6 or newer, this is {torch.__version__}')
    aligning = [part for part in model.modules() if getattr(part, 'align', None)]
    if aligning:
        raise ExportError(
            f'{path}: {type(aligning[0]).__name__} aligns frames by OpenCV, which a program cannot '
            'hold; export what stands behind it, and give that aligned frames'
        )
    inputs = _inputs(model, TRACED if size is None else (TRACED[0], *size))
    sizes: dict[int, Any] = {0: any_length}
    if size is None:
        sizes |= {inputs[0].ndim - 2: any_length, inputs[0].ndim - 1: any_length}
    shapes = (sizes, {0: any_length})[: len(inputs)]
    try:
        with torch.no_grad():
            return torch.export.export(_Program(model), inputs, dynamic_shapes=shapes, strict=False)
    except Exception as error:
        raise ExportError(f'{path}: cannot be traced: {_reason(error)}{_advice(size)}') from error


def _inputs(model: BaseRestorer, shape: tuple[int, int, int]) -> tuple[Tensor, ...]:
    """Random images of that N, H, W, and exposures where the model needs them."""
    generator = torch.Generator().manual_seed(0)
    device = next(iter(model.parameters()), torch.empty(0)).device
    count, *sides = shape
    if not model.takes_bracket:
        return (torch.rand(count, 3, *sides, generator=generator).to(device),)
    if model.num_frames is None:
        raise ExportError(f'{type(model).__name__} takes any number of frames; a program cannot')
    frames = torch.rand(count, model.num_frames, 3, *sides, generator=generator)
    exposures = 2.0 * torch.arange(model.num_frames).expand(count, -1)
    inputs = (frames, exposures) if model.needs_exposures else (frames,)
    return tuple(tensor.to(device) for tensor in inputs)


def _facts(model: BaseRestorer, size: tuple[int, int] | None) -> dict[str, Any]:
    """What a user of the file must know."""
    return {
        'restorekit': __version__,
        'images': 'N, K, 3, H, W, dark to bright' if model.takes_bracket else 'N, 3, H, W',
        'frames': model.num_frames,
        'color': 'rgb',
        'exposures': 'N, K, in EV' if model.needs_exposures else None,
        'scale': model.scale,
        'result': 'linear radiance' if model.linear else 'display-referred, in [0, 1]',
        'size': size,
    }


def _differences(
    model: BaseRestorer, data: bytes, suffix: str, size: tuple[int, int] | None
) -> Iterator[float]:
    """The largest difference between the program's results and the model's, image by image."""
    if suffix == '.pt2':
        run: Callable[..., Tensor] = torch.export.load(io.BytesIO(data)).module()
    else:
        import onnxruntime

        session = onnxruntime.InferenceSession(data, providers=['CPUExecutionProvider'])
        names = [entry.name for entry in session.get_inputs()]

        def run_onnx(*inputs: Tensor) -> Tensor:
            feed = {name: x.cpu().numpy() for name, x in zip(names, inputs, strict=True)}
            return torch.from_numpy(session.run(None, feed)[0])

        run = run_onnx

    for count, *sides in COMPARED:
        inputs = _inputs(model, (count, *(size or sides)))
        with torch.no_grad():
            expected, result = _Program(model)(*inputs), run(*inputs)
        same = result.shape == expected.shape
        yield (result.to(expected) - expected).abs().max().item() if same else math.inf


def _require_onnx(path: Path) -> None:
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{path}: ONNX needs an extra: pip install "restorekit[onnx]" (no module {error.name})'
        ) from None
    onnxruntime.set_default_logger_severity(4)  # its errors come as exceptions


def _onnx(program: torch.export.ExportedProgram, facts: str) -> bytes:
    with _quiet():
        names = ['restored']
        translated = torch.onnx.export(program, dynamo=True, verbose=False, output_names=names)
    assert translated is not None
    translated.model.metadata_props[FACTS] = facts
    model = translated.model_proto
    _name_sizes(model.graph)
    return model.SerializeToString()


def _name_sizes(graph: Any) -> None:
    """Call the symbols of a graph's sizes `batch`, `height` and `width`."""
    dims = graph.input[0].type.tensor_type.shape.dim
    places = {'batch': dims[0], 'height': dims[-2], 'width': dims[-1]}
    words = {dim.dim_param: name for name, dim in places.items() if dim.dim_param}
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:  # may be an expression: 2*s14
                dim.dim_param = re.sub(
                    r'\w+', lambda found: words.get(found[0], found[0]), dim.dim_param
                )


@contextmanager
def _quiet() -> Iterator[None]:
    """The translator's remarks about itself are none of the user's."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f'{type(error).__name__}: {lines[0] if lines else "no message"}'


def _advice(size: tuple[int, int] | None) -> str:
    return '; try one size for all images (--size)' if size is None else ''
