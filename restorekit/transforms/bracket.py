"""Reading brackets."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from restorekit.io import is_hdr, read_hdr, read_image
from restorekit.registry import TRANSFORMS
from restorekit.transforms.augmentation import GROUND_TRUTH, IMAGES

MAX_CUT = 16  # pixels of the input by which a ground truth may be larger


@TRANSFORMS.register_module()
class LoadBracket(BaseTransform):
    """Read a scene's frames and its ground truth, whichever the sample has.

    `frame_paths`, dark to bright, become `lq`, (H, W, K, 3): the spatial axes come first, so that
    what crops and flips an image does the same to a bracket. `gt_frame_paths`, the darkest and the
    brightest frame at the size of the result, become `gt_under` and `gt_over`, from which a
    degradation makes `lq`. `gt_path` becomes `gt`: linear radiance from .hdr and .exr, otherwise an
    image in [0, 1]. All are RGB, float32. `exposures`, in EV, becomes an array, (K,).
    """

    def transform(self, results: dict) -> dict:
        if results.get('frame_paths'):
            frames = [_read_rgb(path) for path in results['frame_paths']]
            results['lq'] = np.stack(frames, axis=2)
        if results.get('gt_frame_paths'):
            under, over = results['gt_frame_paths']
            results['gt_under'], results['gt_over'] = _read_rgb(under), _read_rgb(over)
        if results.get('gt_path'):
            path = results['gt_path']
            results['gt'] = read_hdr(path) if is_hdr(path) else _read_rgb(path)
        if len(results.get('exposures', ())):
            results['exposures'] = np.asarray(results['exposures'], dtype=np.float32)
        sizes = {key: results[key].shape[:2] for key in IMAGES if key in results}
        for key, (height, width) in self.plan(sizes, results).items():
            results[key] = results[key][:height, :width]
        return results

    def plan(self, sizes: dict[str, tuple[int, int]], sample: dict) -> dict[str, tuple[int, int]]:
        """Sizes after reading; ValueError where ground truth and input do not fit each other.

        Where the input is read from files and a `scale` is known, the ground truth is cut at its
        right and lower border to that multiple of the input: inputs are often made from a ground
        truth that was cut to a multiple of something first.
        """
        truths = {key: sizes[key] for key in GROUND_TRUTH if key in sizes}
        if len(set(truths.values())) > 1:
            listed = ', '.join(f'{key} {h} x {w}' for key, (h, w) in truths.items())
            raise ValueError(f'ground truth must have one size, got {listed}')
        scale = sample.get('scale', 1)
        if 'lq' not in sizes or not truths:
            return sizes
        height, width = (side * scale for side in sizes['lq'])
        have = next(iter(truths.values()))
        slack = MAX_CUT * scale if scale > 1 else 1
        if not (0 <= have[0] - height < slack and 0 <= have[1] - width < slack):
            raise ValueError(
                f'input of {sizes["lq"][0]} x {sizes["lq"][1]} does not fit a ground truth of '
                f'{have[0]} x {have[1]} at scale {scale}'
            )
        return {**dict.fromkeys(truths, (height, width)), 'lq': sizes['lq']}


def _read_rgb(path: str) -> np.ndarray:
    image = read_image(path)
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
