# Adam without weight decay; the learning rate goes along a cosine to zero at train_cfg.max_iters.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7)
