# For weights that `restorekit convert imdn` has converted.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_rgb_sr.py']

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='rgb'),
    backbone=dict(type='IMDN'),
)
