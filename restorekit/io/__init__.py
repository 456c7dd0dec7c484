"""Files in and out: the only place that knows codecs and OpenCV's BGR."""

from restorekit.io.bracket import (
    Bracket,
    check_brightness,
    choose_frames,
    find_bracket,
    frames_in,
    natural_order,
    order_bracket,
)
from restorekit.io.errors import BracketError, ImageReadError
from restorekit.io.exposures import check_exposures
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
    Picture,
    image_size,
    is_image,
    read_image,
    read_picture,
    read_pixels,
)
from restorekit.io.jpeg import Sampling, jpeg_round_trip
from restorekit.io.metadata import Metadata, read_header
from restorekit.io.pack import Pack, PackError
from restorekit.io.packing import write_pack
from restorekit.io.pixels import BitDepth, to_eight_bits, to_floats, to_integers, to_rgb
from restorekit.io.writing import holds, write_image

__all__ = [
    'EXTENSIONS',
    'HDR_EXTENSIONS',
    'TONE_MAPS',
    'BitDepth',
    'Bracket',
    'BracketError',
    'ImageReadError',
    'Metadata',
    'Pack',
    'PackError',
    'Picture',
    'Sampling',
    'ToneMap',
    'check_brightness',
    'check_exposures',
    'check_writable',
    'choose_frames',
    'find_bracket',
    'frames_in',
    'hdr_size',
    'holds',
    'image_size',
    'is_hdr',
    'is_image',
    'jpeg_round_trip',
    'natural_order',
    'order_bracket',
    'read_hdr',
    'read_header',
    'read_image',
    'read_picture',
    'read_pixels',
    'remove_leftovers',
    'to_eight_bits',
    'to_floats',
    'to_integers',
    'to_rgb',
    'tonemap',
    'whole_file',
    'write_hdr',
    'write_image',
    'write_pack',
    'write_whole',
]
