# The loss of LFFNet's paper, on mu-law images; the two small weights are DeepRFT's.
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ExposurePreprocessor', gamma=2.2),
    backbone=dict(
        type='AHDRNet',
        in_channels=6,
        num_feats=64,
        num_blocks=3,
        num_exposures=3,
        fusion_block=dict(type='DRDB'),
    ),
    losses=dict(
        l1=dict(type='TonemappedLoss', loss=dict(type='L1Loss')),
        charbonnier=dict(
            type='TonemappedLoss',
            loss=dict(type='MultiScaleLoss', loss=dict(type='CharbonnierLoss')),
        ),
        edge=dict(
            type='TonemappedLoss',
            weight=0.05,
            loss=dict(type='MultiScaleLoss', loss=dict(type='EdgeLoss')),
        ),
        frequency=dict(
            type='TonemappedLoss',
            weight=0.01,
            loss=dict(type='MultiScaleLoss', loss=dict(type='FrequencyLoss')),
        ),
    ),
)
