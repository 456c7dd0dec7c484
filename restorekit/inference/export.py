"""A restorer as one file that runs without this package."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from restorekit.restorers import BaseRestorer
from restorekit.version import __version__

FORMATS = ('.pt2', '.onnx')
TRACED, CHECKED = (2, 48, 64), (1, 40, 56)  # N, H, W of the images to trace and to check with
TOLERANCE = 1e-4


class ExportError(ValueError):
    """A model cannot be exported, or the file does not compute what the model does."""


def export(model: BaseRestorer, path: str | Path, *, size: tuple[int, int] | None = None) -> float:
    """Write a restorer as a program: `.pt2` for torch.export.load, `.onnx` for ONNX Runtime.

    The program takes `images`, (N, C, H, W), or brackets, (N, K, 3, H, W), dark to bright, in
    [0, 1], and where the result is linear radiance `exposures`, (N, K), in EV; it gives what
    `Inferencer` gives, (N, C, scale H, scale W). A network for luma takes and gives luma. Beside
    it in the file stands a JSON text, 'restorekit.json', that says so.

    Before the file gets its name it is read back and run on other images than it was traced with,
    on the CPU where it is ONNX, and compared with the model.

    Args:
        model: Folded, in evaluation mode, on the device that the program is for.
        path: Where to; the suffix says the format.
        size: H, W of all images that the program will get; any by default.
    Returns:
        The largest difference between program and model on the images compared.
    Raises:
        ExportError: If the suffix is neither, the model cannot be traced or translated, or the
            difference is more than 1e-4.
        ModuleNotFoundError: If it is ONNX and the extra is missing.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ExportError(f'{path}: expected a file that ends in {" or ".join(FORMATS)}')
    if path.suffix == '.onnx':
        _require_onnx(path)
    program = _trace(model, path, size)
    temporary = path.with_name(f'.{os.getpid()}.{path.name}')
    try:
        if path.suffix == '.pt2':
            facts = {'restorekit.json': json.dumps(_facts(model, size))}
            torch.export.save(program, temporary, extra_files=facts)
        else:
            _write_onnx(program, temporary, _facts(model, size))
        difference = _check(model, temporary, size)
        if not difference <= TOLERANCE:
            raise ExportError(f'{path}: the program differs from the model by {difference:.1e}')
        temporary.replace(path)
    except ExportError:
        raise
    except Exception as error:  # translators raise whatever they stumble over
        raise ExportError(f'{path}: {_reason(error)}{_advice(size)}') from error
    finally:
        temporary.unlink(missing_ok=True)
    return difference


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
    channels = 1 if model.data_preprocessor.color == 'y' else 3
    if not model.takes_bracket:
        return (torch.rand(count, channels, *sides, generator=generator).to(device),)
    if model.num_frames is None:
        raise ExportError(f'{type(model).__name__} takes any number of frames; a program cannot')
    frames = torch.rand(count, model.num_frames, channels, *sides, generator=generator)
    exposures = 2.0 * torch.arange(model.num_frames).expand(count, -1)
    inputs = (frames, exposures) if model.linear else (frames,)
    return tuple(tensor.to(device) for tensor in inputs)


def _facts(model: BaseRestorer, size: tuple[int, int] | None) -> dict[str, Any]:
    """What a user of the file must know."""
    return {
        'restorekit': __version__,
        'images': 'N, K, C, H, W, dark to bright' if model.takes_bracket else 'N, C, H, W',
        'frames': model.num_frames,
        'color': model.data_preprocessor.color,
        'exposures': 'N, K, in EV' if model.takes_bracket and model.linear else None,
        'scale': model.scale,
        'result': 'linear radiance' if model.linear else 'display-referred, in [0, 1]',
        'size': size,
    }


def _check(model: BaseRestorer, path: Path, size: tuple[int, int] | None) -> float:
    """The largest difference between the file's results and the model's."""
    inputs = _inputs(model, CHECKED if size is None else (CHECKED[0], *size))
    with torch.no_grad():
        expected = _Program(model)(*inputs)
        if path.suffix == '.pt2':
            result = torch.export.load(path).module()(*inputs)
        else:
            import onnxruntime

            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
            names = [entry.name for entry in session.get_inputs()]
            feed = {name: x.cpu().numpy() for name, x in zip(names, inputs, strict=True)}
            result = torch.from_numpy(session.run(None, feed)[0]).to(expected)
    return (result - expected).abs().max().item()


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


def _write_onnx(program: torch.export.ExportedProgram, path: Path, facts: dict[str, Any]) -> None:
    with _quiet():
        translated = torch.onnx.export(program, dynamo=True, verbose=False)
    assert translated is not None
    translated.model.metadata_props['restorekit.json'] = json.dumps(facts)
    translated.save(path)


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
