# The packaged model ain-x3: goes on from the weights of x2, which works at this size too.
_base_ = './ain-small_x2_26k_t91-bsd200-general100-clic2025.py'

scale = 3
load_from = 'ain-x2'
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_iters=2000, val_interval=1000)
