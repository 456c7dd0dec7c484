# Adam, learning rate halved every 200 epochs of 1000 steps, for 1000 epochs.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=1_000_000, val_interval=10_000)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999), eps=1e-8)
)
param_scheduler = dict(
    type='MultiStepLR',
    by_epoch=False,
    milestones=[200_000, 400_000, 600_000, 800_000],
    gamma=0.5,
)
