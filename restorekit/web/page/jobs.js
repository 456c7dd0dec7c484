// Jobs of this page: sent one after another, watched, shown, removed.

import { ask, drop, open, send } from './talk.js';
import { clear, show, showBefore } from './viewer.js';

const $ = (id) => document.getElementById(id);
const POLL = 700;
const DOWNLOADS = { 'result.png': 'PNG, 8 bits', 'result16.png': 'PNG, 16 bits', 'result.hdr': 'Radiance .hdr' };
const jobs = [];
let shown = null, busy = false;

export function add(wish, files, title) {
  const job = { wish, files, title, names: files.map((file) => file.name), state: 'here', message: 'next', progress: null, stop: new AbortController(), row: null };
  jobs.push(job);
  draw(job);
  $('empty').hidden = true;
  next();
}

// One at a time: who brings a folder waits no less than who brings one picture.
async function next() {
  const job = jobs.find((other) => other.state === 'here');
  if (busy || !job) return;
  busy = true;
  try {
    await run(job);
  } catch (error) {
    if (!job.gone) set(job, 'failed', error.message);
  }
  job.files = null;
  busy = false;
  next();
}

async function run(job) {
  set(job, 'uploading', 'asking');
  job.id = await opened(job);
  if (job.gone) return void drop(job.id);
  const total = job.files.reduce((sum, file) => sum + file.size, 0);
  let sent = 0;
  for (const [index, file] of job.files.entries()) {
    const onProgress = (loaded) => set(job, 'uploading', 'sending', (sent + loaded) / total);
    await send(`/jobs/${job.id}/pictures/${index}`, file, { onProgress, signal: job.stop.signal });
    sent += file.size;
  }
  await watched(job);
}

// A full server is asked again for as long as the user lets it be asked.
async function opened(job) {
  for (;;) {
    try {
      return (await open(job.wish)).id;
    } catch (error) {
      if (error.status !== 503) throw error;
      set(job, 'uploading', error.message.replace('try again in a minute', 'this page tries again'));
      await wait(5000);
      if (job.gone) throw error;
    }
  }
}

async function watched(job) {
  for (let missed = 0; !job.gone;) {
    let data;
    try {
      data = await ask(`/jobs/${job.id}`);
      missed = 0;
    } catch (error) {
      if (error.status || ++missed > 10) throw error;
      await wait(POLL * missed);
      continue;
    }
    if (data.state === 'done') {
      Object.assign(job, { size: [data.width, data.height], found: data.files, linear: data.linear });
      set(job, 'done', data.message);
      if (!shown) view(job);
      return;
    }
    if (data.state === 'failed') throw new Error(data.message);
    const place = data.place ? `waiting, ${data.place} before this one` : 'waiting, next';
    set(job, data.state, data.state === 'waiting' ? place : 'restoring', data.progress ?? null);
    await wait(POLL);
  }
}

function wait(time) { return new Promise((resolve) => setTimeout(resolve, time)); }

function set(job, state, message, progress = null) {
  const told = job.state !== state;
  Object.assign(job, { state, message, progress });
  draw(job);
  if (told && ['done', 'failed'].includes(state)) $('live').textContent = `${job.title}: ${state}. ${message}`;
}

function draw(job) {
  if (job.gone) return;
  if (!job.row) {
    job.row = document.createElement('li');
    job.row.innerHTML = '<span class="title"></span><span class="what"></span><span class="acts"></span>';
    job.row.querySelector('.title').textContent = job.title;
    job.row.querySelector('.acts').append(
      button('Show', () => view(job, true), `Show ${job.title}`),
      button('Cancel', () => remove(job), `Cancel ${job.title}`),
    );
    $('jobs').append(job.row);
  }
  const [look, end] = job.row.querySelectorAll('button');
  const over = ['done', 'failed'].includes(job.state);
  job.row.className = job === shown ? `${job.state} shown` : job.state;
  look.hidden = job.state !== 'done' || job === shown;
  end.textContent = over ? 'Remove' : 'Cancel';
  end.setAttribute('aria-label', `${end.textContent} ${job.title}`);
  const moving = !over && job.state !== 'here';
  const share = job.progress === null ? '' : `, ${Math.floor(100 * job.progress)} %`;
  job.row.querySelector('.what').textContent = job.message + share;
  let bar = job.row.querySelector('progress');
  if (moving && !bar) {
    bar = document.createElement('progress');
    bar.setAttribute('aria-label', `Progress of ${job.title}`);
    job.row.append(bar);
  }
  if (bar && !moving) bar.remove();
  else if (bar && job.progress === null) bar.removeAttribute('value');
  else if (bar) bar.value = job.progress;
}

function button(text, act, label) {
  const made = document.createElement('button');
  Object.assign(made, { type: 'button', textContent: text, className: 'quiet', onclick: act });
  made.setAttribute('aria-label', label);
  return made;
}

function remove(job) {
  job.gone = true;
  job.stop.abort();
  if (job.id) drop(job.id);
  const focus = job.row.nextElementSibling ?? job.row.previousElementSibling;
  job.row.remove();
  jobs.splice(jobs.indexOf(job), 1);
  (focus?.querySelector('button:not([hidden])') ?? $('work')).focus();
  if (job === shown) {
    shown = null;
    clear();
    $('view').hidden = true;
  }
  $('empty').hidden = jobs.length > 0;
}

function view(job, asked = false) {
  const last = shown;
  shown = job;
  if (last) draw(last);
  draw(job);
  const address = (name) => `/jobs/${job.id}/files/${name}`;
  const frames = job.found.filter((name) => name.startsWith('before')).length;
  const middle = Math.floor(frames / 2);
  $('view').hidden = false;
  $('view-title').textContent = job.title;
  $('frame').hidden = $('frame-label').hidden = frames < 2;
  $('frame').replaceChildren(...job.names.map((name, index) => new Option(name, index, false, index === middle)));
  $('frame').onchange = () => showBefore(address(`before${$('frame').value}.png`));
  show({ beforeUrl: address(`before${middle}.png`), afterUrl: address('result.png'), size: job.size, name: job.title });
  const tone = job.linear ? '; a tone-mapped picture of linear radiance' : '';
  $('size').textContent = `${job.size[0]} × ${job.size[1]} pixels${tone}`;
  $('downloads').replaceChildren(...Object.entries(DOWNLOADS).filter(([name]) => job.found.includes(name)).map(([name, text]) => {
    const link = document.createElement('a');
    Object.assign(link, { href: `${address(name)}?download`, textContent: text, className: 'button', download: '' });
    link.setAttribute('aria-label', `Download ${job.title} as ${text}`);
    return link;
  }));
  if (asked) $('view').scrollIntoView({ block: 'nearest' });
}

// Whoever leaves takes their pictures with them; a page that only sleeps keeps them.
window.addEventListener('pagehide', (event) => {
  if (!event.persisted) jobs.filter((job) => job.id).forEach((job) => drop(job.id));
});
