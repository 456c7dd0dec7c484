"""Networks, one file a family."""

from restorekit.backbones.ahdr import AHDRNet
from restorekit.backbones.ain import AIN
from restorekit.backbones.ammsnet import AMMSNet
from restorekit.backbones.bicubic import Bicubic
from restorekit.backbones.cfnet import CFNet
from restorekit.backbones.fsrcnn import FSRCNN
from restorekit.backbones.imdn import IMDN
from restorekit.backbones.lapsrn import LapSRN
from restorekit.backbones.plain import ESPCN, PlainNet
from restorekit.backbones.residual import ResidualNet
from restorekit.backbones.stacked import StackedNet

__all__ = [
    'AIN',
    'ESPCN',
    'FSRCNN',
    'IMDN',
    'AHDRNet',
    'AMMSNet',
    'Bicubic',
    'CFNet',
    'LapSRN',
    'PlainNet',
    'ResidualNet',
    'StackedNet',
]
