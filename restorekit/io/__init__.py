"""Image files: the only place that knows codecs and OpenCV's BGR."""

from restorekit.io.image import (
    EXTENSIONS,
    ImageReadError,
    image_size,
    is_image,
    jpeg_round_trip,
    read_image,
    to_integers,
    write_image,
    write_whole,
)

__all__ = [
    'EXTENSIONS',
    'ImageReadError',
    'image_size',
    'is_image',
    'jpeg_round_trip',
    'read_image',
    'to_integers',
    'write_image',
    'write_whole',
]
