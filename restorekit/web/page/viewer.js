// Two pictures over each other, and a line between them that stays where it is while they move.

const $ = (id) => document.getElementById(id);
const pane = $('pane'), stage = $('stage'), after = $('after'), before = $('before');
const divider = $('divider'), split = $('split'), zoom = $('zoom'), viewer = $('viewer');
let width = 1, height = 1;

function lay() {
  const fit = Math.min(1, viewer.clientWidth / width, parseFloat(getComputedStyle(pane).maxHeight) / height);
  const factor = zoom.value === 'fit' ? fit : Number(zoom.value);
  stage.style.width = `${width * factor}px`;
  stage.style.height = `${height * factor}px`;
  cut();
}

// The line is at a share of what is seen, so the cut moves through the pictures as they scroll.
function cut() {
  const seen = pane.clientWidth;
  const line = seen * split.value / 100;
  divider.style.left = `${line}px`;
  $('tag-after').style.right = `${viewer.clientWidth - seen + 8}px`;
  const left = stage.offsetLeft - pane.scrollLeft;
  const at = Math.min(Math.max(line - left, 0), stage.clientWidth);
  after.style.clipPath = `inset(0 0 0 ${at}px)`;
  split.setAttribute('aria-valuetext', `${Math.round(split.value)} % before`);
}

function follow(event) {
  const box = pane.getBoundingClientRect();
  split.value = 100 * (event.clientX - box.left) / pane.clientWidth;
  cut();
}

divider.addEventListener('pointerdown', (event) => {
  divider.setPointerCapture(event.pointerId);
  divider.onpointermove = follow;
});
divider.addEventListener('lostpointercapture', () => { divider.onpointermove = null; });

// A mouse takes hold of the picture; fingers scroll as they always do.
pane.addEventListener('pointerdown', (event) => {
  if (event.pointerType !== 'mouse' || event.button !== 0 || event.offsetX > pane.clientWidth) return;
  event.preventDefault();
  pane.focus({ preventScroll: true });
  const start = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
  pane.setPointerCapture(event.pointerId);
  pane.onpointermove = (move) => pane.scrollTo(start.x - move.clientX, start.y - move.clientY);
});
pane.addEventListener('lostpointercapture', () => { pane.onpointermove = null; });
pane.addEventListener('scroll', cut);
split.addEventListener('input', cut);
zoom.addEventListener('change', () => {
  const x = (pane.scrollLeft + pane.clientWidth / 2 - stage.offsetLeft) / stage.clientWidth;
  const y = (pane.scrollTop + pane.clientHeight / 2) / stage.clientHeight;
  lay();
  pane.scrollTo(x * stage.clientWidth + stage.offsetLeft - pane.clientWidth / 2, y * stage.clientHeight - pane.clientHeight / 2);
  cut();
});
new ResizeObserver(lay).observe(viewer);

export function show({ beforeUrl, afterUrl, size, name }) {
  [width, height] = size;
  before.src = beforeUrl;
  before.alt = `${name}, before`;
  after.src = afterUrl;
  after.alt = `${name}, after`;
  lay();
  pane.scrollTo((stage.clientWidth - pane.clientWidth) / 2, (stage.clientHeight - pane.clientHeight) / 2);
  cut();
}

export function showBefore(url) { before.src = url; }

export function clear() {
  before.removeAttribute('src');
  after.removeAttribute('src');
}
