"""A page on what models made of the test images: figures, crops, errors, curves, protocol."""

from restorekit.report.crops import Crop, crop_of
from restorekit.report.curves import Curve, run_curves
from restorekit.report.figures import ModelResult
from restorekit.report.page import write_report
from restorekit.report.pictures import Picture, captioned, pictures

__all__ = [
    'Crop',
    'Curve',
    'ModelResult',
    'Picture',
    'captioned',
    'crop_of',
    'pictures',
    'run_curves',
    'write_report',
]
