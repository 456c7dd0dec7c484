_base_ = 'restorekit::ain/ain-small_x2_2k_bsd200.py'
data = dict(type='ExampleFolder', gt_dir='{{$EXAMPLE_PHOTOS:photos}}')

model = dict(
    backbone=dict(_delete_=True, type='ExampleNet', block=dict(type='ExampleBlock')),
    losses=dict(relative=dict(type='ExampleLoss', weight=0.1)),
)
load = [dict(type='LoadImages', color='y'), dict(type='BicubicDownscale')]
vary = [dict(type='PairedRandomCrop', size=24), dict(type='ExampleGain'), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(pipeline=[*load, *vary], **data))
val_dataloader = dict(dataset=dict(datasets=[data]))
val_evaluator = [dict(type='PSNR', crop_border='scale'), dict(type='ExampleError')]
test_dataloader, test_evaluator = val_dataloader, val_evaluator
