# Training photographs: T91, BSD200, General100, and CLIC2025 cut into tiles of 480
# (`restorekit prepare tiles`), in the folder that RESTOREKIT_PREPARED names.
_base_ = './train_loader.py'

train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        type='TrainSets',
        datasets=[
            dict(type='FolderDataset', gt_dir='{{$RESTOREKIT_DATA:data}}/sr/T91'),
            dict(type='FolderDataset', gt_dir='{{$RESTOREKIT_DATA:data}}/sr/BSD200'),
            dict(type='FolderDataset', gt_dir='{{$RESTOREKIT_DATA:data}}/sr/General100'),
            dict(type='FolderDataset', gt_dir='{{$RESTOREKIT_PREPARED:data/prepared}}/CLIC2025'),
        ],
    ),
)
