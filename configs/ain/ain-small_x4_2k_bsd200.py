_base_ = './ain-small_x2_2k_bsd200.py'

model = dict(pre_upscale=4)
train_dataloader = dict(dataset=dict(degradation=dict(scale=4)))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(scale=4))))
