# For weights that `restorekit convert mefnet` has converted.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_fusion.py']

model = dict(
    type='Restorer',
    data_preprocessor=dict(  # full-range luma in [0, 1]
        type='ImagePreprocessor', color='y', mean=16 / 255, std=219 / 255
    ),
    backbone=dict(type='MEFNet'),
)
