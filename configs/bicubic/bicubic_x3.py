_base_ = './bicubic_x2.py'

model = dict(backbone=dict(scale=3))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
