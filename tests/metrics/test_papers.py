"""A paper's table beside what was measured, in three formats."""

from __future__ import annotations

from dataclasses import replace

from restorekit.config.tables import PaperTable, Row
from restorekit.metrics.papers import FORMATS, paper_grid, protocols

TABLE = PaperTable(
    name='t',
    title='A & B',
    sets={'Set5': ['PSNR', 'SSIM'], 'Set14': ['PSNR']},
    rows=[
        Row(system='VDSR', setting='x2', paper={'Set5': [37.53, 0.9587]}),
        Row(system='IMDN', setting='x2', added=True),
    ],
)
MEASURED = {
    'VDSR x2': {
        'parameters': 664704,
        'gflops': 204.2,
        'figures': {'Set5': {'PSNR': 37.588, 'SSIM': 0.95912}},
        'seconds': {'Set5': 0.251},
        'protocol': ['of luma', 'PSNR: as here'],
        'statuses': {'Set14': 'test set not here'},
    },
    'IMDN x2': {'status': 'not trained here'},
}


def test_cells():
    titles, vdsr, imdn = paper_grid(TABLE, MEASURED)
    assert titles[4:] == [
        's/image (Set5)',
        *('Set5 PSNR / SSIM', 'Set5 PSNR / SSIM †', 'Set14 PSNR', 'Set14 PSNR †', 'protocol'),
    ]
    assert vdsr == [
        *('VDSR', 'x2', '664,704', '204.2', '0.251'),
        *('37.59 / 0.9591', '37.53 / 0.9587', 'test set not here', '-', 'a'),
    ]
    absent = ['not trained here', '-']
    assert imdn == ['IMDN +', 'x2', *['-'] * 3, *absent, *absent, '-']


def test_rows_of_one_protocol_share_a_letter():
    rows = [Row(system=name) for name in ('A', 'B', 'C', 'D')]
    table = replace(TABLE, rows=rows)
    known = {'figures': {'Set5': {'PSNR': 30.0}}}
    measured = {
        'A': {**known, 'protocol': ['of luma', 'PSNR: rounded']},
        'B': {**known, 'protocol': ['of colour', 'PSNR: rounded']},
        'C': {**known, 'protocol': ['of luma', 'PSNR: rounded']},
        'D': {'figures': {'Set10': {}}, 'protocol': ['of nothing that is shown']},
    }
    _, *lines = paper_grid(table, measured)
    assert [line[-1] for line in lines] == ['a', 'b', 'a', '-']
    assert protocols(table, measured) == [
        ('a', 'of luma; PSNR: rounded'),
        ('b', 'of colour; PSNR: rounded'),
    ]


def test_formats():
    grid = paper_grid(TABLE, MEASURED)
    texts = {ending: write(TABLE, grid, ['a note']) for ending, write in FORMATS.items()}
    line = '| VDSR | x2 | 664,704 | 204.2 | 0.251 | 37.59 / 0.9591 | 37.53 / 0.9587 |'
    assert line in texts['md']
    assert texts['md'].endswith('- a note\n')
    line = 'VDSR,x2,"664,704",204.2,0.251,37.59 / 0.9591,37.53 / 0.9587,test set not here,-,a\n'
    assert line in texts['csv']
    assert r'\caption{A \& B. $\dagger$ the paper' in texts['tex']
    assert texts['tex'].count(r'\\') == 3
    assert '†' not in texts['tex']
