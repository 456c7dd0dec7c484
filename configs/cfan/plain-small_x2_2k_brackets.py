# Five plain convolutions of about CFAN's size, trained as long, by SSIM alone too.
_base_ = './cfan-small_x2_2k_brackets.py'

model = dict(
    backbone=dict(
        _delete_=True, type='StackedNet', num_frames=2, num_feats=72, num_layers=5, scale=2
    ),
    losses=dict(_delete_=True, ssim=dict(type='SSIMLoss', window=7)),
)
