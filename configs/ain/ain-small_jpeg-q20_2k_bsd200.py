_base_ = './ain-small_jpeg-q10_2k_bsd200.py'

train_dataloader = dict(dataset=dict(degradation=dict(quality=20)))
val_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=20))))
test_dataloader = dict(dataset=dict(shared=dict(degradation=dict(quality=20))))
