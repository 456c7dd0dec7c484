# CF-Net; its published form takes BGR in [-1, 1]. The hierarchical loss: every image that a branch
# makes is compared, the super-resolved ones with their exposures, those of each step with the
# reference.
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='rgb', mean=0.5, std=0.5),
    backbone=dict(
        type='CFNet',
        num_feats=64,
        num_groups=6,
        num_steps=3,
        re_guide=3,
    ),
    losses=dict(
        sr_under=dict(type='SSIMLoss', window=7, weight=1.0, pred='sr_under', target='gt_under'),
        sr_over=dict(type='SSIMLoss', window=7, weight=1.0, pred='sr_over', target='gt_over'),
        steps_under=dict(type='SSIMLoss', window=7, weight=1.0, pred='steps_under'),
        steps_over=dict(type='SSIMLoss', window=7, weight=1.0, pred='steps_over'),
    ),
)
