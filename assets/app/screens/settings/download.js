// A file that only who is signed in gets: fetched with the access token, told of while it comes, then saved by the browser.
import { request } from '../../api.js';

const nameIn = (header) => /filename="([^"]+)"/.exec(header ?? '')?.[1] ?? null;

/** Saves what this address answers. `onProgress({ received, total })` hears of it; `total` is null where the server does not say
 *  it. Fails where the answer breaks off: then nothing is saved. Answers the name and the length. */
export async function download(address, { query, name, type = 'application/octet-stream', signal, onProgress = () => {} }) {
  const response = await request('GET', address, { query, raw: true, signal, headers: { Accept: '*/*' } });
  const encoded = response.headers.get('Content-Encoding');
  const total = encoded ? null : Number(response.headers.get('Content-Length')) || null;
  const parts = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    received += part.value.length;
    onProgress({ received, total });
  }
  const link = document.createElement('a');
  link.download = nameIn(response.headers.get('Content-Disposition')) ?? name;
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.click();
  // The browser has taken the file over by then; kept for ever, it would stay in memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return { name: link.download, received };
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];
/** 1 536 000 bytes as "1.5 MB". */
export function sayBytes(bytes) {
  const step = bytes === 0 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** step;
  return `${step > 0 && number < 10 ? number.toFixed(1) : Math.round(number)} ${UNITS[step]}`;
}
