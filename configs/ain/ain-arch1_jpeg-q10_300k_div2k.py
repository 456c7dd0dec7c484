# Arch1: a plain bottleneck in place of each module.
_base_ = './ain_jpeg-q10_300k_div2k.py'

model = dict(
    backbone=dict(
        block=dict(_delete_=True, type='Bottleneck', norm_cfg=dict(type='BN')),
        long_skip_attention=False,
    )
)
