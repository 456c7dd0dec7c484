_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_luma_jpeg.py']

quality = 10
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='Bicubic'),
)
