_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

model = dict(backbone=dict(scale=4))
train_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
