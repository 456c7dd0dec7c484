// What is said to the server, and what it answers.

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error('The server does not answer.');
  }
  const text = await answer.text();
  let data = {};
  try { data = text ? JSON.parse(text) : {}; } catch { data = { error: text.slice(0, 200) }; }
  if (!answer.ok) {
    const error = new Error(data.error || `The server answers ${answer.status}.`);
    error.status = answer.status;
    throw error;
  }
  return data;
}

export function open(wish) {
  return ask('/jobs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(wish) });
}

// fetch does not say how much of a body has gone; this does.
export function send(path, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', path);
    request.upload.onprogress = (event) => onProgress(event.loaded);
    request.onload = () => {
      if (request.status < 300) return resolve();
      let said = `The server answers ${request.status}.`;
      try { said = JSON.parse(request.responseText).error || said; } catch { /* not ours */ }
      reject(new Error(said));
    };
    request.onerror = () => reject(new Error('The connection was lost while the picture was sent.'));
    request.onabort = () => reject(new Error('given up'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

export function drop(id) {
  return fetch(`/jobs/${id}`, { method: 'DELETE', keepalive: true }).catch(() => {});
}
