_base_ = './identity_jpeg-q10.py'

val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=40))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=40))))
