# Each rank holds a part of the weights, gradients and optimizer's state; blocks above this size are
# gathered one by one, when they compute.
model_wrapper_cfg = dict(
    type='MMFullyShardedDataParallel',
    auto_wrap_policy=dict(
        type='restorekit.wrap_large_blocks',
        min_num_params=1_000_000,
    ),
)
