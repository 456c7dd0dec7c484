"""Networks, one file a family."""

from restorekit.backbones.ahdr import AHDRNet
from restorekit.backbones.ain import AIN
from restorekit.backbones.ammsnet import AMMSNet
from restorekit.backbones.bicubic import Bicubic
from restorekit.backbones.cfnet import CFNet
from restorekit.backbones.residual import ResidualNet
from restorekit.backbones.stacked import StackedNet

__all__ = ['AIN', 'AHDRNet', 'AMMSNet', 'Bicubic', 'CFNet', 'ResidualNet', 'StackedNet']
