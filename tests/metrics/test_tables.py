from restorekit.metrics import benchmark_table, results_table
from restorekit.registry import METRICS


def metrics(rows, baseline=True):
    """PSNR and SSIM with given figures: (dataset, input, value)."""
    result = []
    for kind, factor in (('PSNR', 1), ('SSIM', 0.02)):
        metric = METRICS.build({'type': kind, 'baseline': baseline, 'crop_border': 'scale'})
        metric.rows = [
            {
                'dataset': d,
                'setting': d.partition('_')[2],
                'name': str(i),
                'input': a * factor,
                'value': b * factor,
            }
            for i, (d, a, b) in enumerate(rows)
        ]
        result.append(metric)
    return result


def test_results_table():
    table = results_table(metrics([('A_x2', 30, 32), ('A_x2', 31, 33), ('B_x2', 20, 21)]))
    lines = table.splitlines()
    assert lines[0].startswith('| dataset | images | PSNR (dB) input | PSNR (dB) restored | SSIM')
    assert lines[2] == '| A_x2 | 2 | 30.50 | 32.50 | 0.6100 | 0.6500 |'
    assert lines[3] == '| B_x2 | 1 | 20.00 | 21.00 | 0.4000 | 0.4200 |'
    assert lines[-1].startswith('SSIM: channels as restored, crop border = scale')


def test_benchmark_table_has_one_baseline_row_per_setting():
    table = benchmark_table(
        [
            ('one', metrics([('A_x2', 30, 32), ('B_x2', 20, 21)])),
            ('two', metrics([('A_x2', 30, 33)])),
            ('one', metrics([('A_x4', 26, 27)])),
        ]
    )
    assert table.splitlines()[:7] == [
        '| model | setting | A | B |',
        '| --- | --- | --- | --- |',
        '| input | x2 | 30.00 / 0.6000 | 20.00 / 0.4000 |',
        '| one | x2 | 32.00 / 0.6400 | 21.00 / 0.4200 |',
        '| two | x2 | 33.00 / 0.6600 | - |',
        '| input | x4 | 26.00 / 0.5200 | - |',
        '| one | x4 | 27.00 / 0.5400 | - |',
    ]
    assert len(table.splitlines()) == 10  # the protocols once each
