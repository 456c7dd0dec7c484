model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(
        type='AIN',
        in_channels=1,
        num_feats=64,
        num_blocks=6,
        block=dict(type='AttentiveInception', norm_cfg=dict(type='BN'), attention=True),
        long_skip_attention=True,
    ),
    losses=dict(l1=dict(type='L1Loss')),
)
