# U2Fusion trained without references, for a CPU. Its result is of any brightness: MEF-SSIM's
# luminance term tells it which, where its authors compare with the frames' intensities.
_base_ = [
    './u2fusion-published.py',
    '../_base_/datasets/sice_pairs_luma.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
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
