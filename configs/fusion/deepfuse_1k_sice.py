# DeepFuse trained without references, for a CPU. Its result is of any brightness: MEF-SSIM's
# luminance term tells it which. Black is 0, so that a network without bias can keep it.
_base_ = [
    './deepfuse-published.py',
    '../_base_/datasets/sice_pairs_luma.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    data_preprocessor=dict(mean=16 / 255, std=219 / 255),
    backbone=dict(stretch=False),
    losses=dict(
        mef=dict(
            type='MEFSSIMLoss',
            target='gt_frames',
            luminance=True,
            black=16 / 255,
            white=235 / 255,
        )
    ),
)
train_cfg = dict(max_iters=1000, val_interval=1000)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=250))
