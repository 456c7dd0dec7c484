# Five plain convolutions of CFAN's size.
_base_ = './cfan-small_x2_3k_brackets.py'

model = dict(
    backbone=dict(_delete_=True, type='StackedNet', num_frames=2, num_feats=72, num_layers=5),
    losses=dict(
        _delete_=True,
        ssim=dict(type='SSIMLoss', window=7, weight=0.2),
        l1=dict(type='L1Loss', weight=2.0),
    ),
)
