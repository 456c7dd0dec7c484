"""`restorekit demo`: the main job, end to end, on photographs that come with scikit-image."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

CONFIG = 'demo/ain-small_x2_1k_photos.py'
PHOTO = 'chelsea'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument(
        'work_dir',
        nargs='?',
        type=Path,
        default=Path('work_dirs/demo'),
        metavar='WORK_DIR',
        help='folder for all that it makes (default: %(default)s)',
    )


def run(args: argparse.Namespace) -> None:
    """Train, test, restore and compare; about two minutes."""
    from restorekit.datasets import sample_photo
    from restorekit.io import check_writable

    work_dir, photo = args.work_dir, sample_photo(f'{PHOTO}.png')
    check_writable(work_dir)
    checkpoint = str(work_dir / 'iter_1000.pth')
    _call('train', CONFIG, '--work-dir', str(work_dir))
    _call('test', CONFIG, checkpoint, '--work-dir', str(work_dir))
    small, restored = work_dir / f'{PHOTO}_small.png', work_dir / 'restored' / f'{PHOTO}_small.png'
    _reduce(photo, small)
    network = ('-m', CONFIG, '-w', checkpoint)
    _call('restore', str(small), *network, '-o', str(restored.parent), '--overwrite')
    _compare(photo, small, restored, work_dir / f'{PHOTO}.png')
    print(f'\nLook at {work_dir}/{PHOTO}.png and {work_dir}/panels')
    print(f'The table is {work_dir}/results.md')


def _call(*command: str) -> None:
    """Run a command as a user would; one that fails has said why, and ends the demo."""
    print('\n$ restorekit ' + ' '.join(command), flush=True)
    status = subprocess.run([sys.executable, '-m', 'restorekit', *command], check=False)
    if status.returncode:
        sys.exit(status.returncode)


def _reduce(photo: Path, target: Path) -> None:
    """Write the photograph at half its size."""
    import numpy as np

    from restorekit.io import read_image, write_image
    from restorekit.transforms import BicubicDownscale

    small = BicubicDownscale(2, rounded=True)({'gt': read_image(photo)})['lq']
    write_image(target, np.asarray(small))


def _compare(photo: Path, small: Path, restored: Path, target: Path) -> None:
    """Print the scores of the enlarged and the restored photograph and draw them side by side."""
    import numpy as np
    import torch

    from restorekit.functional import imresize, psnr
    from restorekit.io import read_image, write_image
    from restorekit.report import captioned

    def tensor(path: Path) -> torch.Tensor:
        return torch.from_numpy(read_image(path).copy()).movedim(-1, 0)[None]

    result = tensor(restored)
    height, width = result.shape[-2:]
    truth = tensor(photo)[..., :height, :width]
    columns = []
    for title, image in (('bicubic', imresize(tensor(small), 2)), ('restored', result)):
        score = psnr(image.clamp(0, 1), truth).item()
        print(f'{PHOTO} x2, PSNR of RGB without a border cut: {title} {score:.2f} dB')
        columns.append(captioned(image[0], f'{title} {score:.2f} dB'))
    columns.append(captioned(truth[0], 'original'))
    write_image(target, np.concatenate(columns, axis=1))
