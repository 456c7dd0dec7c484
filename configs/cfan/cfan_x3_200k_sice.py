_base_ = './cfan_x2_200k_sice.py'

model = dict(backbone=dict(scale=3, projection=(7, 2, 0)))
train_dataloader = dict(dataset=dict(degradation=dict(scale=3)))
val_dataloader = dict(dataset=dict(degradation=dict(scale=3)))
test_dataloader = dict(dataset=dict(degradation=dict(scale=3)))
