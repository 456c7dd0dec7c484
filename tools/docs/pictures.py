"""The pictures of the home page: `python tools/docs/pictures.py`.

Photographs that come with scikit-image, made worse here and restored with the packaged weights.
None of them was in the training of these weights (`restorekit models NAME` says what was).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

import restorekit
from restorekit.datasets import sample_photo
from restorekit.engine.hooks.panels import captioned
from restorekit.functional import hdr_to_ldr, ldr_to_hdr
from restorekit.io import jpeg_round_trip, read_image, to_integers
from restorekit.transforms import BicubicDownscale

IMAGES = Path(__file__).parents[2] / 'docs/images'
EV = (-3.0, -1.0, 2.0)


def panels(name: str, columns: dict[str, np.ndarray], *, zoom: int = 1) -> None:
    """Images of one size side by side, each under its caption, as a JPEG of high quality."""
    drawn = []
    for title, image in columns.items():
        large = image.repeat(zoom, axis=0).repeat(zoom, axis=1)
        drawn.append(captioned(torch.from_numpy(large.copy()).movedim(-1, 0), title))
    page = np.concatenate(drawn, axis=1)
    path = IMAGES / f'{name}.jpg'
    Image.fromarray(page).save(path, quality=92, optimize=True)
    print(f'{path}: {page.shape[1]} x {page.shape[0]}, {path.stat().st_size / 1e3:.0f} kB')


def enlargement() -> None:
    """The head of a cat, halved by MATLAB's bicubic and enlarged again."""
    photo = read_image(sample_photo('chelsea.png'))[:, :450]
    small = BicubicDownscale(2, rounded=True)({'gt': photo})['lq']
    area = (slice(20, 180), slice(120, 320))
    panels(
        'enlarged',
        {
            'half the size': small.repeat(2, axis=0).repeat(2, axis=1)[area],
            'ain-x2': restorekit.restore(small, 'ain-x2')[area],
            'original': photo[area],
        },
        zoom=2,
    )


def cleaning() -> None:
    """A face, compressed by JPEG at quality 25."""
    photo = read_image(sample_photo('astronaut.png'))
    compressed = jpeg_round_trip(to_integers(photo), 25) / np.float32(255)
    cleaned = restorekit.restore(compressed, 'ain-jpeg-color')
    area = (slice(60, 170), slice(160, 295))
    columns = {'JPEG, quality 25': compressed, 'ain-jpeg-color': cleaned, 'original': photo}
    panels('cleaned', {title: image[area] for title, image in columns.items()}, zoom=3)


def merging() -> None:
    """Three exposures of one photograph, and what Mertens' fusion makes of them."""
    photo = torch.from_numpy(read_image(sample_photo('coffee.png')).copy())
    radiance = ldr_to_hdr(photo.movedim(-1, 0), 0.0)
    frames = [
        hdr_to_ldr(radiance, ev).clamp(0, 1).movedim(0, -1).numpy().astype(np.float32) for ev in EV
    ]
    columns = {f'{ev:+.0f} EV': frame for ev, frame in zip(EV, frames, strict=True)}
    columns['mertens'] = restorekit.restore(frames, 'mertens')
    columns = {title: image[20:320, 140:440] for title, image in columns.items()}
    panels('merged', columns)


if __name__ == '__main__':
    enlargement()
    cleaning()
    merging()
