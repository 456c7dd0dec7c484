"""The page in a real browser: a headless Chromium, driven by Selenium."""

from __future__ import annotations

import re
import shutil
import time

import cv2
import numpy as np
import pytest

from restorekit.io import write_image
from restorekit.web.limits import Limits
from tests.conftest import smooth_image
from tests.web.conftest import LIMITS, running

webdriver = pytest.importorskip('selenium.webdriver', reason='selenium is not installed')
from selenium.webdriver.common.by import By  # noqa: E402  (after the skip)
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM, DRIVER = shutil.which('chromium'), shutil.which('chromedriver')
KINDS = ('.png', '.hdr')  # a browser writes under other names at first
FLAGS = (
    '--headless',
    '--no-sandbox',  # tests may run as root
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--window-size=1200,900',
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="no browser: Debian's chromium and chromium-driver"
    ),
]


class Page:
    """The page as its user sees it."""

    def __init__(self, browser, downloads):
        self.browser, self.downloads = browser, downloads

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, done, what):
        """Until `done()` is true; returns that."""
        for _ in range(600):
            if result := done():
                return result
            time.sleep(0.05)
        raise AssertionError(f'never: {what}; it says {self.find("body").text!r}')

    def open(self, address):
        self.browser.get(address)
        self.wait(lambda: self.find('#start').text == 'Restore', 'the models are there')

    def give(self, *paths, folder=False):
        self.find('#folder' if folder else '#files').send_keys('\n'.join(map(str, paths)))
        self.wait(lambda: self.all('#chosen li') or self.find('#said').text, 'files are taken')

    def task(self, value):
        self.find(f'[name=task][value={value}]').click()

    def select(self, name, value):
        self.find(f'#{name} option[value="{value}"]').click()

    def restore(self):
        self.find('#start').click()
        self.wait(lambda: self.all('#jobs .done, #jobs .failed'), 'a job ends')
        return self.find('#jobs li .what').text

    def drawn(self):
        """Whether both pictures are there, and their sizes."""
        return self.browser.execute_script(
            "return ['before', 'after'].map((id) => document.getElementById(id)).map("
            '(i) => [i.complete && i.naturalWidth, i.naturalHeight, i.width, i.height])'
        )

    def download(self, text):
        """The file of a button, when it is whole."""
        old = set(self.downloads.iterdir())
        self.find(f'#downloads a[aria-label$="as {text}"]').click()

        def new():
            return [p for p in set(self.downloads.iterdir()) - old if p.suffix in KINDS]

        return self.wait(new, f'download of {text}')[0]


@pytest.fixture(scope='module')
def server(tmp_path_factory):
    limits = Limits(**{**LIMITS, 'pixels': 400_000})
    with running(tmp_path_factory.mktemp('served') / 'files', limits=limits) as client:
        yield client


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp('browser')
    (folder / 'downloads').mkdir()
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f'--user-data-dir={folder}/profile'):
        options.add_argument(flag)
    options.add_experimental_option(
        'prefs', {'download.default_directory': str(folder / 'downloads')}
    )
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver, folder / 'downloads'
    driver.quit()


@pytest.fixture
def page(browser, server):
    """The page, freshly opened; at the end nothing may have been complained of."""
    page = Page(*browser)
    page.open(server.address)
    yield page
    said = [entry['message'] for entry in page.browser.get_log('browser')]
    assert said == []


@pytest.fixture
def photo_file(tmp_path):
    write_image(tmp_path / 'photo.png', smooth_image(120, 180))
    return tmp_path / 'photo.png'


@pytest.fixture
def scene(tmp_path, exposures):
    folder = tmp_path / 'scene'
    folder.mkdir()
    for name, data in zip(('1.png', '2.png', '10.png'), exposures, strict=True):
        (folder / name).write_bytes(data)
    return folder


def restored(page, photo_file):
    page.give(photo_file)
    page.task('sr')
    page.select('model', 'bicubic-x2')
    assert page.restore() == 'bicubic-x2 (as asked for)'
    page.wait(lambda: all(row[0] for row in page.drawn()), 'both pictures are drawn')


def test_a_photograph_is_restored_looked_at_and_kept(page, photo_file, server):
    restored(page, photo_file)
    # At 100 % a pixel of the result is a pixel of the page, and both pictures have its size.
    assert page.drawn() == [[180, 120, 360, 240], [360, 240, 360, 240]]
    eight, sixteen = page.download('PNG, 8 bits'), page.download('PNG, 16 bits')
    assert (eight.name, sixteen.name) == (
        'photo_bicubic-x2.png',
        'photo_bicubic-x2_16bit.png',
    )
    a, b = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (eight, sixteen))
    assert (a.shape, a.dtype, b.dtype) == ((240, 360, 3), np.uint8, np.uint16)
    assert np.abs(a - b / 257).max() <= 0.5
    addresses = page.browser.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert len(addresses) > 5
    assert [each for each in addresses if not each.startswith(server.address)] == []


def cut(page):
    """Where before ends, in pixels of the page from the left of the stage."""
    style = page.browser.execute_script(
        "return getComputedStyle(document.getElementById('after')).clipPath"
    )
    return float(re.findall(r'[\d.]+', style)[-1])


def test_the_slider_is_moved_by_keys_and_by_dragging(page, photo_file):
    restored(page, photo_file)
    split, pane = page.find('#split'), page.find('#pane')
    left = page.find('#stage').location['x'] - pane.location['x']
    width = pane.size['width']
    assert cut(page) == pytest.approx(width / 2 - left, abs=2)
    split.send_keys(*[Keys.ARROW_LEFT] * 10)
    assert cut(page) == pytest.approx(0.45 * width - left, abs=2)
    assert split.get_attribute('aria-valuetext') == '45 % before'
    split.send_keys(Keys.HOME)
    assert cut(page) == 0
    split.send_keys(Keys.END)
    assert cut(page) == 360
    split.send_keys(*[Keys.PAGE_DOWN] * 3)
    place = cut(page)
    drag = webdriver.ActionChains(page.browser).click_and_hold(page.find('#divider'))
    drag.move_by_offset(-40, 0).release().perform()
    assert cut(page) == pytest.approx(place - 40, abs=3)


def test_zoom_keeps_what_is_in_the_middle(page, photo_file):
    restored(page, photo_file)
    page.select('zoom', '4')
    assert page.drawn()[1][2:] == [1440, 960]
    sizes = page.browser.execute_script(
        "const p = document.getElementById('pane');"
        'return [p.scrollLeft + p.clientWidth / 2, p.scrollTop + p.clientHeight / 2]'
    )
    assert sizes == pytest.approx([720, 480], abs=30)
    # The line stays where it is seen; what is under it changes.
    before = cut(page)
    page.browser.execute_script("document.getElementById('pane').scrollBy(50, 0)")
    page.wait(lambda: abs(cut(page) - before - 50) < 2, 'the cut follows')
    page.select('zoom', 'fit')
    assert page.drawn()[1][2:] == [360, 240]


def test_exposures_with_typed_ev_become_hdr(page, scene):
    page.give(*scene.iterdir())
    names = [row.text.splitlines()[0] for row in page.all('#chosen .name')]
    assert names == ['1.png', '2.png', '10.png']
    for field, value in zip(page.all('#chosen input'), ('-2', '0', '2'), strict=True):
        field.send_keys(value)
    page.select('tone', 'drago')
    assert page.restore() == 'lffnet (three frames 4 EV apart, which may move)'
    options = [option.text for option in page.all('#frame option')]
    assert options == ['1.png', '2.png', '10.png']
    page.select('frame', '2')
    assert page.find('#before').get_attribute('src').endswith('/files/before2.png')
    assert 'a tone-mapped picture of linear radiance' in page.find('#size').text
    assert page.download('Radiance .hdr').read_bytes().startswith(b'#?')


def test_a_folder_brings_its_exposures(page, scene):
    (scene / 'exposure.txt').write_text('-2\n0\n2\n')
    (scene / 'notes.md').write_text('x')
    page.give(scene, folder=True)
    values = [field.get_attribute('value') for field in page.all('#chosen input')]
    assert values == ['-2', '0', '2']
    assert page.find('#said').text == 'Left out, not a picture: notes.md.'
    assert page.restore() == 'lffnet (three frames 4 EV apart, which may move)'


def test_separate_pictures_are_done_one_after_another(page, scene):
    page.give(*scene.iterdir())
    page.find('[name=together][value=no]').click()
    assert page.find('#start').text == 'Restore 3 pictures'
    page.task('sr')
    page.select('model', 'bicubic-x2')
    page.restore()
    page.wait(lambda: len(page.all('#jobs .done')) == 3, 'all are done')
    titles = [row.text for row in page.all('#jobs .title')]
    assert titles == ['1.png', '2.png', '10.png']
    assert page.find('#view-title').text == '1.png'
    page.find('#jobs button[aria-label="Show 10.png"]').click()
    assert page.find('#view-title').text == '10.png'


def test_what_went_wrong_is_said(page, tmp_path):
    (tmp_path / 'none.jpg').write_bytes(b'abcd')
    page.give(tmp_path / 'none.jpg')
    assert page.restore() == 'none.jpg: not a readable image (4 bytes)'
    assert page.find('#live').get_attribute('textContent').startswith('none.jpg: failed. none')
    (tmp_path / 'text.txt').write_text('x')
    page.give(tmp_path / 'text.txt')
    page.wait(lambda: page.find('#said').text, 'it is said')
    assert page.find('#said').text.startswith('Not a picture: text.txt. This page takes .png, ')
    assert not page.find('#start').is_enabled()


def test_a_job_is_removed_and_its_files_go(page, photo_file, server):
    restored(page, photo_file)
    folders = set(server.folders())
    page.find('#jobs button[aria-label="Remove photo.png"]').click()
    page.wait(lambda: len(folders - set(server.folders())) == 1, 'its files go')
    assert page.all('#jobs li') == []
    assert not page.find('#view').is_displayed()
    assert page.find('#empty').is_displayed()


def test_a_job_is_cancelled_while_it_is_computed(page, tmp_path, server):
    write_image(tmp_path / 'large.png', smooth_image(250, 350))
    page.give(tmp_path / 'large.png')
    page.task('sr')
    page.select('model', 'ain-x2')
    folders = set(server.folders())
    page.find('#start').click()
    page.wait(lambda: 'restoring' in page.find('#jobs').text, 'it is being restored')
    page.find('#jobs button[aria-label="Cancel large.png"]').click()
    page.wait(lambda: set(server.folders()) == folders, 'it has ended, and its files are gone')
    assert page.all('#jobs li') == []


def test_a_full_server_is_asked_again(page, photo_file, server):
    opened = [server.open(['a.png'], [b'1'])[1]['id'] for _ in range(3)]
    page.give(photo_file)
    page.task('sr')
    page.select('model', 'bicubic-x2')
    page.find('#start').click()
    said = 'as many as this page takes; this page tries again'
    page.wait(lambda: said in page.find('#jobs').text, 'the queue is full')
    page.browser.get_log('browser')  # the answer was a 503
    for name in opened:
        server.ask('DELETE', f'/jobs/{name}')
    page.wait(lambda: page.all('#jobs .done'), 'it is done')


def test_files_go_when_the_page_is_left(page, photo_file, server):
    restored(page, photo_file)
    folders = set(server.folders())
    page.browser.get('about:blank')
    page.wait(lambda: folders - set(server.folders()), 'its files go')


def test_everything_that_can_be_used_has_a_name(page, scene):
    page.give(*scene.iterdir())
    for field, value in zip(page.all('#chosen input'), ('-2', '0', '2'), strict=True):
        field.send_keys(value)
    page.restore()
    used = [e for e in page.all('button, select, input, a, [tabindex]') if e.is_displayed()]
    assert len(used) > 20
    assert [e.get_attribute('outerHTML') for e in used if not e.accessible_name] == []


def test_everything_is_reached_by_the_keyboard(page, photo_file):
    restored(page, photo_file)
    reached = []
    page.browser.execute_script('document.activeElement.blur(); scrollTo(0, 0)')
    for _ in range(30):
        webdriver.ActionChains(page.browser).send_keys(Keys.TAB).perform()
        element = page.browser.switch_to.active_element
        reached.append(element.get_attribute('id') or element.text)
    for name in ('choose-files', 'choose-folder', 'scale', 'model', 'start', 'zoom', 'pane'):
        assert name in reached
    for name in ('split', 'Remove', 'PNG, 8 bits', 'PNG, 16 bits'):
        assert name in reached


@pytest.mark.parametrize('width', [320, 390, 800])
def test_it_fits_a_phone(page, photo_file, width):
    page.browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        {'width': width, 'height': 700, 'deviceScaleFactor': 2, 'mobile': True},
    )
    try:
        restored(page, photo_file)
        size = 'return [document.documentElement.scrollWidth, document.documentElement.clientWidth]'
        wide, seen = page.browser.execute_script(size)
        assert wide <= seen == width
    finally:
        page.browser.execute_cdp_cmd('Emulation.clearDeviceMetricsOverride', {})


def test_with_a_token_it_is_asked_for_once(browser, tmp_path, photo_file):
    page = Page(*browser)
    with running(tmp_path / 'files', token='a-token-of-many-letters') as client:
        base = f'http://127.0.0.1:{client.port}/'
        page.browser.get(base)
        page.find('#token').send_keys('a-token-of-many-letters', Keys.ENTER)
        page.wait(lambda: page.browser.current_url == base, 'the token is not in the address')
        page.wait(lambda: page.find('#start').text == 'Restore', 'the models are there')
        restored(page, photo_file)
    page.browser.get_log('browser')  # the first answer was a 401
