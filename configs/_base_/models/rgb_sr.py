# RGB in [0, 255] around the mean of DIV2K, as EDSR's and its heirs' code has it.
model = dict(
    type='Restorer',
    data_preprocessor=dict(
        type='ImagePreprocessor', color='rgb', mean=(0.4488, 0.4371, 0.4040), std=1 / 255
    ),
    losses=dict(l1=dict(type='L1Loss')),
)
