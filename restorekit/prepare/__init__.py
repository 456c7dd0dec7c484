"""Datasets made once, before training: tiles, exposure pairs, moving scenes, packs."""

from restorekit.prepare.brackets import moving_scenes
from restorekit.prepare.packs import check_pack, pack_dataset
from restorekit.prepare.pairs import exposure_pairs
from restorekit.prepare.tiles import cut_tiles

__all__ = ['check_pack', 'cut_tiles', 'exposure_pairs', 'moving_scenes', 'pack_dataset']
