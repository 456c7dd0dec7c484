# A 3 x 3 kernel at stride 4 would skip pixels.
_base_ = './cfan_x2_200k_sice.py'

model = dict(backbone=dict(scale=4, projection=(8, 2, 0)))
train_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
val_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
test_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
