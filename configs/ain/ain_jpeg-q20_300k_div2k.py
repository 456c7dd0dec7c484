_base_ = './ain_jpeg-q10_300k_div2k.py'

train_dataloader = dict(dataset=dict(degradation=dict(quality=20)))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=20))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=20))))
