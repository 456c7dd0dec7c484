# For weights that `restorekit convert lapsrn` has converted.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_luma_sr.py']

scale = 4
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='LapSRN'),
)
