"""Networks, one file a family."""

from restorekit.backbones.ahdr import AHDRNet
from restorekit.backbones.ain import AIN
from restorekit.backbones.ammsnet import AMMSNet
from restorekit.backbones.bicubic import Bicubic
from restorekit.backbones.cfnet import CFNet
from restorekit.backbones.dbpn import DBPN
from restorekit.backbones.deepfuse import DeepFuse
from restorekit.backbones.deephdr import DeepHDR
from restorekit.backbones.drcn import DRCN
from restorekit.backbones.fsrcnn import FSRCNN
from restorekit.backbones.ifcnn import IFCNN
from restorekit.backbones.imdn import IMDN
from restorekit.backbones.kalantari import KalantariNet
from restorekit.backbones.lapsrn import LapSRN
from restorekit.backbones.mefnet import MEFNet
from restorekit.backbones.memnet import MemNet
from restorekit.backbones.plain import ESPCN, PlainNet
from restorekit.backbones.residual import ResidualNet
from restorekit.backbones.san import SAN
from restorekit.backbones.scn import SCN
from restorekit.backbones.srfbn import SRFBN
from restorekit.backbones.stacked import StackedNet
from restorekit.backbones.swinir import SwinIR
from restorekit.backbones.u2fusion import U2Fusion

__all__ = [
    'AIN',
    'DBPN',
    'DRCN',
    'ESPCN',
    'FSRCNN',
    'IFCNN',
    'IMDN',
    'SAN',
    'SCN',
    'SRFBN',
    'AHDRNet',
    'AMMSNet',
    'Bicubic',
    'CFNet',
    'DeepFuse',
    'DeepHDR',
    'KalantariNet',
    'LapSRN',
    'MEFNet',
    'MemNet',
    'PlainNet',
    'ResidualNet',
    'StackedNet',
    'SwinIR',
    'U2Fusion',
]
