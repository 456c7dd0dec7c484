# For weights that `restorekit convert deepfuse` has converted.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_fusion.py']

model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='DeepFuse'),
)
