"""Files in and out: the only place that knows codecs and OpenCV's BGR."""

from restorekit.io.bracket import (
    Bracket,
    BracketError,
    check_brightness,
    check_exposures,
    choose_frames,
    find_bracket,
    natural_order,
    order_bracket,
)
from restorekit.io.files import check_writable, remove_leftovers, whole_file, write_whole
from restorekit.io.hdr import (
    HDR_EXTENSIONS,
    TONE_MAPS,
    ToneMap,
    hdr_size,
    is_hdr,
    read_hdr,
    tonemap,
    write_hdr,
)
from restorekit.io.image import (
    EXTENSIONS,
    BitDepth,
    ImageReadError,
    Sampling,
    image_size,
    is_image,
    jpeg_round_trip,
    read_image,
    to_integers,
    write_image,
)
from restorekit.io.pack import Pack, PackError
from restorekit.io.packing import write_pack
from restorekit.io.pixels import read_pixels, to_eight_bits, to_floats

__all__ = [
    'EXTENSIONS',
    'HDR_EXTENSIONS',
    'TONE_MAPS',
    'BitDepth',
    'Bracket',
    'BracketError',
    'ImageReadError',
    'Pack',
    'PackError',
    'Sampling',
    'ToneMap',
    'check_brightness',
    'check_exposures',
    'check_writable',
    'choose_frames',
    'find_bracket',
    'hdr_size',
    'image_size',
    'is_hdr',
    'is_image',
    'jpeg_round_trip',
    'natural_order',
    'order_bracket',
    'read_hdr',
    'read_image',
    'read_pixels',
    'remove_leftovers',
    'to_eight_bits',
    'to_floats',
    'to_integers',
    'tonemap',
    'whole_file',
    'write_hdr',
    'write_image',
    'write_pack',
    'write_whole',
]
