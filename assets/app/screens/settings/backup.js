// A backup of the whole server: fetched with progress, and how it becomes a server again.
import { html, nothing, signal, track } from '../../kit.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { copyBlock } from '../../parts/copy.js';
import { icon } from '../../parts/icon.js';
import { skeleton } from '../../parts/state.js';
import { onlyAdmins } from './admins.js';
import { download, sayBytes } from './download.js';

/** What is said of a refusal: some admins belong to another organization than the one that runs the server. */
const say = (error) => (error.status === 403 ? 'A backup holds all organizations, so only admins of the one that was made first get it.' : error.message ?? 'The backup broke off.');

export function backup() {
  const progress = signal(null);
  const result = signal(null);
  let abort = null;

  async function take() {
    abort = new AbortController();
    progress.value = { received: 0, total: null };
    result.value = null;
    try {
      result.value = { saved: await download('/system/backup', { name: 'phaseflag-backup.redb', signal: abort.signal, onProgress: (now) => { progress.value = now; } }) };
    } catch (error) {
      if (error.name === 'AbortError') result.value = { stopped: true };
      else result.value = { error };
    } finally {
      progress.value = null;
    }
  }

  const running = ({ received, total }) => html`<div class="stack tight backup-progress"><label for="backup-progress" class="small">${total ? `${sayBytes(received)} of ${sayBytes(total)}` : `${sayBytes(received)} so far`}</label>
    <progress id="backup-progress" max=${total ?? nothing} .value=${total ? received : nothing}></progress><div>${button({ label: 'Stop', small: true, onClick: () => abort.abort() })}</div></div>`;
  const outcome = () => {
    const { saved, stopped, error } = result.value ?? {};
    if (saved) return html`<p class="note good" role="status">${icon('check')}<span class="wrap"><strong>${saved.name}</strong> is saved, ${sayBytes(saved.received)}.</span></p>`;
    if (stopped) return html`<p class="note" role="status">Stopped. Nothing was saved.</p>`;
    return error ? html`<p class="note danger" role="alert">${icon('warn')}<span class="wrap">${say(error)} Nothing was saved.</span></p>` : nothing;
  };
  const name = () => result.value?.saved?.name ?? 'BACKUP.redb';

  const view = () => {
    if (!place.role.value) return skeleton();
    if (!place.isAdmin.value) return onlyAdmins('A backup holds all data of the server.');
    return html`<section class="stack" aria-labelledby="backup-title"><h2 id="backup-title">Back up the server</h2>
      <p class="wrap">One file with everything as of now, while the server goes on: all organizations and projects, flags, segments, webhooks, people, statistics and the audit log, sealed with a hash.</p>
      <p class="note warn">${icon('lock')}<span>It also holds the hashes of passwords and keys, and the secret that signs sessions. Keep it as you keep secrets.</span></p>
      ${track(() => html`<div>${button({ label: 'Download a backup', kind: 'primary', name: 'backup', work: take })}</div>${progress.value ? running(progress.value) : nothing}${outcome()}`)}</section>
      <section class="stack tight" aria-labelledby="restore-title"><h2 id="restore-title">Restore it</h2><p class="wrap">With the server stopped, on its machine: the first command reads all of the backup and checks that it is whole, the second makes it the data file.</p>
      ${track(() => copyBlock(`phaseflag verify ${name()}\nphaseflag restore ${name()} --data ./phaseflag.redb --force`, 'Copy the commands'))}</section>
      <section class="stack tight" aria-labelledby="regular-title"><h2 id="regular-title">Do it regularly</h2><p class="wrap">The same from a script, with a personal access token of an admin in <code>PHASEFLAG_TOKEN</code>:</p>
      ${copyBlock(`phaseflag backup --server ${window.location.origin} "backup-$(date +%F).redb"`, 'Copy the command')}</section>`;
  };
  return { view: () => track(view), close: () => abort?.abort() };
}
