# For a CPU: half the features, 2 groups, 2 steps. L1 of the fused image stands beside the paper's
# SSIM, which alone takes long to find the brightness.
_base_ = './cfan.py'

model = dict(
    channels_last=True,
    backbone=dict(num_feats=32, num_groups=2, num_steps=2, gate=dict(reduction=8)),
    losses=dict(
        sr_under=dict(weight=0.1),
        sr_over=dict(weight=0.1),
        steps_under=dict(weight=0.1),
        steps_over=dict(weight=0.1),
        l1=dict(type='L1Loss', weight=2.0),
    ),
)
