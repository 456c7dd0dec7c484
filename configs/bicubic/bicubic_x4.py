_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_luma_sr.py']

model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='Bicubic', scale=4),
)
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
