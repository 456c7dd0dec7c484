"""Fusion without a network: what a user would do today, and what papers compare with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from restorekit.functional import ldr_to_hdr
from restorekit.functional.alignment import Alignment, align_brackets
from restorekit.functional.exposure import GAMMA
from restorekit.options import Positive
from restorekit.registry import MODELS
from restorekit.restorers.base import BaseRestorer

MIDDLE_GRAY = 128 / 255
WELL = (0.2, 0.8)  # of well-exposed pixels


class BracketMethod(BaseRestorer):
    """A method for brackets, (N, K, 3, H, W), without parameters.

    Args:
        align: How the frames of a hand-held bracket are laid over the middle one before; None
            takes them as they are. See `align_frames`.
    """

    takes_bracket = True
    divisible = False

    def __init__(self, align: Alignment | None = None) -> None:
        super().__init__()
        self.align = align

    def restore(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        if images.ndim != 5:
            raise ValueError(
                f'{type(self).__name__}: expected brackets (N, K, 3, H, W), '
                f'got {tuple(images.shape)}'
            )
        if self.align is not None:
            images = align_brackets(images, self.align, exposures)
        return self.merge(images, exposures)

    @abstractmethod
    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        """One image, (N, 3, H, W), of each bracket."""

    def needed(self, exposures: Tensor | None) -> Tensor:
        """The exposures, (N, K) in EV, or ValueError where they are unknown."""
        if exposures is None:
            raise ValueError(f'{type(self).__name__}: the exposures of the frames are needed')
        return exposures


def bracket_methods(model: BaseRestorer) -> list[BracketMethod]:
    """The methods without parameters in a model or chain, whose `align` may be set."""
    return [part for part in model.modules() if isinstance(part, BracketMethod)]


@MODELS.register_module()
class AverageFusion(BracketMethod):
    """The plain mean of the frames."""

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        return brackets.mean(dim=1)


@MODELS.register_module()
class MertensFusion(BracketMethod):
    """Exposure fusion by contrast, saturation and well-exposedness (OpenCV's, its defaults).

    References:
        Mertens et al., "Exposure fusion", Pacific Graphics 2007.
    """

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        import cv2

        def fuse(frames: list[np.ndarray]) -> np.ndarray:
            # OpenCV divides by 255, also where it gets floats.
            return cv2.createMergeMertens().process([frame * 255 for frame in frames])

        return _each(brackets, lambda frames, _: fuse(frames))


@MODELS.register_module()
class ReferenceFrame(BracketMethod):
    """The middle frame alone, as linear radiance.

    Args:
        gamma: Of the frames.
    """

    linear = True

    def __init__(self, gamma: Positive = GAMMA) -> None:
        super().__init__()  # nothing is laid over the middle frame
        self.gamma = gamma

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        middle = brackets.shape[1] // 2
        exposure = self.needed(exposures)[:, middle, None, None, None]
        return ldr_to_hdr(brackets[:, middle], exposure, self.gamma)


@MODELS.register_module()
class DebevecMerge(BracketMethod):
    """OpenCV's camera calibration and merge after Debevec and Malik, for scenes that stand still.

    Radiance is scaled so that the middle gray of a frame of gamma 2.2 at the darkest exposure is
    where `ldr_to_hdr` puts it.

    References:
        Debevec and Malik, "Recovering high dynamic range radiance maps from photographs", SIGGRAPH
        1997.
    """

    linear = True

    def merge(self, brackets: Tensor, exposures: Tensor | None) -> Tensor:
        return _each(brackets, _balanced_debevec, self.needed(exposures))


def _balanced_debevec(frames: list[np.ndarray], exposures: np.ndarray) -> np.ndarray:
    """`merge_debevec` in the colours of the frames, which calibrating each channel alone loses.

    The gain of each channel is the median of what the frames of gamma 2.2 show over what was
    merged, where they are well exposed, so that brightness too is that of `ldr_to_hdr`.
    """
    radiance = merge_debevec(frames, exposures)
    middle = len(frames) // 2
    shown = frames[middle] ** GAMMA / 2 ** float(exposures[middle] - exposures[0])
    for channel in range(3):
        values = frames[middle][..., channel]
        sound = (values > WELL[0]) & (values < WELL[1]) & (radiance[..., channel] > 0)
        if np.count_nonzero(sound) > sound.size // 100:
            gain = np.median(shown[..., channel][sound] / radiance[..., channel][sound])
            radiance[..., channel] *= gain
    return radiance


def merge_debevec(frames: list[np.ndarray], exposures: np.ndarray) -> np.ndarray:
    """Linear radiance of a bracket, (H, W, 3), by OpenCV's Debevec calibration and merge.

    Args:
        frames: (H, W, 3) in [0, 1], taken as 8 bits.
        exposures: EV of each, from 0 for the darkest.
    """
    import cv2

    from restorekit.io import to_integers

    pixels = [to_integers(frame) for frame in frames]
    times = np.exp2(exposures).astype(np.float32)
    response = cv2.createCalibrateDebevec().process(pixels, times)
    radiance = cv2.createMergeDebevec().process(pixels, times, response)
    # OpenCV's curve gives the value 128 at time 1 a radiance of 1.
    return np.nan_to_num(radiance, posinf=0.0, neginf=0.0) * MIDDLE_GRAY**GAMMA


def _each(brackets: Tensor, merge: Callable, exposures: Tensor | None = None) -> Tensor:
    """Apply a function of numpy frames, (H, W, 3), and exposures to every bracket."""
    results = []
    for index, bracket in enumerate(brackets.detach().cpu().float()):
        frames = [np.ascontiguousarray(frame.permute(1, 2, 0).numpy()) for frame in bracket]
        values = None if exposures is None else exposures[index].cpu().numpy()
        results.append(torch.from_numpy(merge(frames, values)).permute(2, 0, 1))
    return torch.stack(results).to(brackets)
