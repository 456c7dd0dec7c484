"""Packaging. Options of the tools (ruff, mypy, pytest) are in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def version() -> str:
    scope: dict = {}
    exec((ROOT / 'restorekit/version.py').read_text(), scope)
    return scope['__version__']


def requirements(name: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in map(str.strip, lines) if line and not line.startswith('#')]


def extras() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for line in requirements('optional'):
        if line.startswith('['):
            group = groups.setdefault(line.strip('[]'), [])
        else:
            group.append(line)
    groups['all'] = sorted({need for needs in groups.values() for need in needs})
    groups['tests'] = requirements('tests')
    groups['docs'] = requirements('docs')
    return groups


class BuildWithConfigs(build_py):
    """Puts `configs/` inside the package, in OpenMMLab's place, with an index of the metafiles."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / 'restorekit' / '.mim'
            shutil.rmtree(target, ignore_errors=True)
            ignore = shutil.ignore_patterns('__pycache__')
            shutil.copytree(ROOT / 'configs', target / 'configs', ignore=ignore)
            metafiles = sorted(path.relative_to(target) for path in target.rglob('metafile.yml'))
            index = ''.join(f'  - {path.as_posix()}\n' for path in metafiles)
            (target / 'model-index.yml').write_text(f'Import:\n{index}')


setup(
    name='restorekit',
    version=version(),
    description='Image restoration by registered parts: super-resolution, JPEG artifact removal, '
    'HDR and exposure fusion',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['restorekit', 'restorekit.*']),
    package_data={'restorekit': ['py.typed', 'catalogue/weights/*.safetensors', 'web/page/*']},
    install_requires=requirements('runtime'),
    extras_require=extras(),
    entry_points={'console_scripts': ['restorekit = restorekit.cli:main']},
    cmdclass={'build_py': BuildWithConfigs},
)
