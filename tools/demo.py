"""The main job, end to end, on photographs that come with scikit-image: train, test, restore, look.

Usage: python tools/demo.py [WORK_DIR]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFIG = 'configs/demo/ain-small_x2_1k_photos.py'
PHOTO = 'chelsea'


def main(work_dir: Path) -> None:
    run('train', CONFIG, '--work-dir', str(work_dir))
    checkpoint = str(work_dir / 'iter_1000.pth')
    run('test', CONFIG, checkpoint, '--work-dir', str(work_dir))

    small, restored = work_dir / f'{PHOTO}_small.png', work_dir / 'restored' / f'{PHOTO}_small.png'
    reduce_photo(small)
    run(
        'restore',
        str(small),
        '-m',
        CONFIG,
        '-w',
        checkpoint,
        '-o',
        str(restored.parent),
        '--overwrite',
    )
    compare(small, restored, work_dir / f'{PHOTO}.png')
    print(f'\nLook at {work_dir}/{PHOTO}.png and {work_dir}/panels')
    print(f'The table is {work_dir}/results.md')


def run(*command: str) -> None:
    print('\n$ restorekit ' + ' '.join(command), flush=True)
    subprocess.run([sys.executable, '-m', 'restorekit.cli', *command], check=True)


def reduce_photo(target: Path) -> None:
    """Write the photograph at half its size."""
    from restorekit.datasets import sample_photo
    from restorekit.io import read_image, write_image
    from restorekit.transforms import BicubicDownscale

    photo = {'gt': read_image(sample_photo(f'{PHOTO}.png'))}
    write_image(target, BicubicDownscale(2, rounded=True)(photo)['lq'])


def compare(small: Path, restored: Path, target: Path) -> None:
    """Print the scores of the enlarged and the restored photograph and draw them side by side."""
    import numpy as np
    import torch

    from restorekit.datasets import sample_photo
    from restorekit.engine.hooks.panels import captioned
    from restorekit.functional import imresize, psnr
    from restorekit.io import read_image, write_image

    def tensor(path: Path) -> torch.Tensor:
        return torch.from_numpy(read_image(path).copy()).movedim(-1, 0)[None]

    result = tensor(restored)
    height, width = result.shape[-2:]
    truth = tensor(sample_photo(f'{PHOTO}.png'))[..., :height, :width]
    columns = []
    for title, image in (('bicubic', imresize(tensor(small), 2)), ('restored', result)):
        score = psnr(image.clamp(0, 1), truth).item()
        print(f'{PHOTO} x2, PSNR of RGB without a border cut: {title} {score:.2f} dB')
        columns.append(captioned(image[0], f'{title} {score:.2f} dB'))
    columns.append(captioned(truth[0], 'original'))
    write_image(target, np.concatenate(columns, axis=1))


if __name__ == '__main__':
    main(Path(sys.argv[1] if len(sys.argv) > 1 else 'work_dirs/demo'))
