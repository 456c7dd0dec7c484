"""Networks, one file a family."""

from restorekit.backbones.ain import AIN
from restorekit.backbones.ammsnet import AMMSNet
from restorekit.backbones.bicubic import Bicubic
from restorekit.backbones.residual import ResidualNet

__all__ = ['AIN', 'AMMSNet', 'Bicubic', 'ResidualNet']
