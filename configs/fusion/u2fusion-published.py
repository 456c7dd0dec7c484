# For weights that `restorekit convert u2fusion` has converted.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_fusion.py']

model = dict(
    type='Restorer',
    data_preprocessor=dict(  # full-range luma in [-1, 1]
        type='ImagePreprocessor', color='y', mean=125.5 / 255, std=109.5 / 255
    ),
    backbone=dict(type='U2Fusion'),
)
