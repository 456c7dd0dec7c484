// The form: which pictures, and what is to be done with them.

import { add } from './jobs.js';
import { ask } from './talk.js';

const $ = (id) => document.getElementById(id);
const MERGING = ['hdr', 'fusion'];
let offer = null, files = [], exposures = [];

const byName = new Intl.Collator('en', { numeric: true });
const task = () => document.querySelector('[name=task]:checked').value;
const isSet = () => files.length > 1 && (MERGING.includes(task())
  || (task() === 'auto' && document.querySelector('[name=together]:checked').value === 'yes'));

function say(text) { $('said').textContent = text; }

async function choose(list) {
  say('');
  const all = [...list].filter((file) => !file.name.startsWith('.'));
  if (!await ready) return;
  const isPicture = (file) => offer.extensions.some((end) => file.name.toLowerCase().endsWith(end));
  const listing = all.find((file) => file.name === 'exposure.txt');
  files = all.filter(isPicture).sort((a, b) => byName.compare(a.name, b.name));
  const others = all.filter((file) => !isPicture(file) && file !== listing);
  exposures = listing ? (await listing.text()).replace(/^\uFEFF/, '').split(/\s+/).filter(Boolean) : [];
  if (!files.length && all.length) say(`Not a picture: ${others[0]?.name ?? all[0].name}. This page takes ${offer.extensions.join(', ')}.`);
  else if (others.length) say(`Left out, not a picture: ${others.slice(0, 3).map((file) => file.name).join(', ')}${others.length > 3 ? ', …' : ''}.`);
  draw();
}

function megabytes(bytes) { return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`; }

function draw() {
  const set = isSet();
  $('together').hidden = files.length < 2 || task() !== 'auto';
  $('ev-hint').hidden = $('align-label').hidden = !set;
  $('chosen').replaceChildren(...files.map((file, index) => {
    const row = document.createElement('li');
    row.innerHTML = '<span class="name"></span><span class="bytes"></span>';
    row.children[0].textContent = row.children[0].title = file.name;
    row.children[1].textContent = megabytes(file.size);
    if (set) {
      const input = document.createElement('input');
      Object.assign(input, { value: exposures[index] ?? '', placeholder: 'EV', inputMode: 'text' });
      input.setAttribute('aria-label', `Exposure of ${file.name}, in EV`);
      input.oninput = () => { exposures[index] = input.value; };
      row.append(input);
    }
    return row;
  }));
  $('start').disabled = !files.length;
  const many = !set && files.length > 1;
  $('start').textContent = many ? `Restore ${files.length} pictures` : 'Restore';
  drawModels();
}

function fill(select, options, kept = select.value) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  if (options.some(([value]) => value === kept)) select.value = kept;
}

function drawModels() {
  if (!offer) return;
  const asked = task();
  const scales = [...new Set(offer.models.filter((m) => m.task === 'sr').map((m) => m.scale))].sort();
  const sizes = asked === 'jpeg' ? [['1', 'as it is']] : scales.map((n) => [String(n), `${n} times`]);
  if (asked === 'auto') sizes.unshift(['', 'automatic']);
  if (MERGING.includes(asked)) sizes.unshift(['1', 'as it is']);
  fill($('scale'), sizes);
  const fits = (m) => m.task === asked && (asked !== 'sr' || String(m.scale) === $('scale').value);
  const chosen = asked === 'auto' ? [] : offer.models.filter(fits);
  // Merged and then enlarged are two models: these are chosen automatically.
  const named = MERGING.includes(asked) && $('scale').value !== '1' ? [] : chosen;
  fill($('model'), [['', 'automatic'], ...named.map((m) => [m.name, m.name])]);
  $('model-hint').textContent = offer.models.find((m) => m.name === $('model').value)?.description ?? '';
  const hdr = asked === 'hdr' || (asked === 'auto' && isSet());
  for (const id of ['tone', 'tone-label', 'tone-hint']) $(id).hidden = !hdr;
}

function wishFor(group, set) {
  const asked = task();
  const wish = { files: group.map((file) => ({ name: file.name, size: file.size })) };
  if ($('model').value) wish.model = $('model').value;
  else {
    if (asked !== 'auto') wish.task = asked;
    if ($('scale').value) wish.scale = Number($('scale').value);
  }
  if (set) Object.assign(wish, { tone: $('tone').value, align: $('align').checked });
  if (set && exposures.some((value) => value?.trim())) wish.exposures = group.map((_, index) => exposures[index] ?? '');
  return wish;
}

function start(event) {
  event.preventDefault();
  const set = isSet();
  const groups = set ? [files] : files.map((file) => [file]);
  say('');
  if (MERGING.includes(task()) && files.length < 2) return say('Merging takes two or more exposures of one scene.');
  for (const group of groups) {
    const size = group.reduce((sum, file) => sum + file.size, 0);
    const limit = offer.limits;
    if (size > limit.bytes) return say(`${group[0].name}: ${megabytes(size)}; this page takes ${megabytes(limit.bytes)} at a time.`);
    if (group.length > limit.files) return say(`At most ${limit.files} pictures in one set, got ${group.length}.`);
  }
  for (const group of groups) {
    const title = group.length > 1 ? `${group.length} exposures, ${group[0].name} …` : group[0].name;
    add(wishFor(group, set), group, title);
  }
  $('work').scrollIntoView({ block: 'nearest' });
}

$('choose-files').onclick = () => $('files').click();
$('choose-folder').onclick = () => $('folder').click();
for (const id of ['files', 'folder']) $(id).onchange = () => { choose($(id).files); $(id).value = ''; };
for (const radio of document.querySelectorAll('[type=radio]')) radio.onchange = () => offer && draw();
$('scale').onchange = $('model').onchange = drawModels;
$('ask').onsubmit = start;
for (const kind of ['dragover', 'dragleave', 'drop']) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $('drop').classList.toggle('over', kind === 'dragover');
    if (kind === 'drop' && event.dataTransfer.files.length) choose(event.dataTransfer.files);
  });
}

// The models take the server some seconds after its start; the page is there before them.
const ready = ask('/models').then((data) => {
  offer = data;
  const titles = { mu: 'mu-law', reinhard: 'Reinhard', drago: 'Drago', mantiuk: 'Mantiuk' };
  fill($('tone'), data.tones.map((name) => [name, titles[name] ?? name]));
  draw();
  return true;
}).catch((error) => say(error.message));
