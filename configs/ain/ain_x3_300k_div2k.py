_base_ = './ain_x2_300k_div2k.py'

model = dict(pre_upscale=3)
train_dataloader = dict(dataset=dict(degradation=dict(scale=3)))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=3))))
