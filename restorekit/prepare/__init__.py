"""Datasets made once, before training: tiles of large images, exposure pairs, moving scenes."""

from restorekit.prepare.brackets import moving_scenes
from restorekit.prepare.pairs import exposure_pairs
from restorekit.prepare.tiles import cut_tiles

__all__ = ['cut_tiles', 'exposure_pairs', 'moving_scenes']
