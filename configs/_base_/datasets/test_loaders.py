# Of every validation and test set: whole images, one by one.
val_dataloader = dict(
    batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False)
)
test_dataloader = val_dataloader
