_base_ = './cfan-small_x2_3k_brackets.py'

model = dict(backbone=dict(scale=4, projection=(8, 2, 0)))
train_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
val_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
