# Adam without weight decay, learning rate along a cosine to zero. A leaf sets train_cfg.max_iters
# and the scheduler's T_max.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=300_000, eta_min=1e-7)
