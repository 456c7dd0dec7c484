_base_ = './cfnet-published_x2.py'

model = dict(backbone=dict(scale=4))
train_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
val_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
test_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
