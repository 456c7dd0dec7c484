_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

model = dict(backbone=dict(scale=3))
train_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
