# Of every training set; what is small enough to be kept in memory needs no workers.
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='ResumableSampler'),
)
