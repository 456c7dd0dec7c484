# For weights that `restorekit convert vdsr` has converted: one network for x2, x3 and x4.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_luma_sr.py']

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='PlainNet', widths=[64] * 19, bias=False, residual='add'),
)
