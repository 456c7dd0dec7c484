default_scope = 'restorekit'
runner_type = 'restorekit.Runner'

env_cfg = dict(
    cudnn_benchmark=True,
    tf32=True,  # in training; tests compute in float32
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=1),
    dist_cfg=dict(backend='nccl'),
)
randomness = dict(seed=0)
auto_scale_lr = dict(enable=False, base_batch_size=16)

val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=5000, max_keep_ckpts=3),
)
custom_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='NonFiniteHook', max_in_a_row=10),
    dict(type='UnreadableHook'),
    dict(type='PreemptionHook'),
    dict(type='RecordHook'),
    dict(type='PanelHook', num_images=4),
    dict(type='ReportHook'),
]
log_processor = dict(type='LogProcessor', by_epoch=False, window_size=100)
log_level = 'INFO'
# For TensorBoard add dict(type='TensorboardVisBackend'), which needs restorekit[tensorboard].
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
