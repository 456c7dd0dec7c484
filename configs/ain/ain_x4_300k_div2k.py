_base_ = './ain_x2_300k_div2k.py'

model = dict(pre_upscale=4)
train_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
