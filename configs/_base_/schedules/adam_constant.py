# Adam at a constant learning rate.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=200_000, val_interval=5000)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)))
