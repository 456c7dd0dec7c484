"""Files in and out: the only place that knows codecs and OpenCV's BGR."""

from restorekit.io.bracket import (
    Bracket,
    BracketError,
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

__all__ = [
    'EXTENSIONS',
    'HDR_EXTENSIONS',
    'TONE_MAPS',
    'BitDepth',
    'Bracket',
    'BracketError',
    'ImageReadError',
    'Sampling',
    'ToneMap',
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
    'remove_leftovers',
    'to_integers',
    'tonemap',
    'whole_file',
    'write_hdr',
    'write_image',
    'write_whole',
]
