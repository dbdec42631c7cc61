// The settings of a project and of its organization: tabs, each an address of its own. A tab is a file in `settings/` that
// exports a function which answers `{ view, close? }`, and a line in TABS. It is fetched when it is looked at.
import { html, opened, track } from '../kit.js';
import * as place from '../store/place.js';
import { resource, shown } from '../parts/resource.js';
import { tabs } from '../parts/tabs.js';
import { empty } from '../parts/state.js';

/** The part of the address, what is said, and what loads it. */
const TABS = [
  ['api-keys', 'API keys', async () => (await import('./settings/api-keys.js')).apiKeys],
  ['environments', 'Environments', async () => (await import('./settings/environments.js')).environments],
  ['members', 'Members', async () => (await import('./settings/members.js')).members],
  ['webhooks', 'Webhooks', async () => (await import('./settings/webhooks.js')).webhooks],
  ['audit-log', 'Audit log', async () => (await import('./settings/audit-log.js')).auditLog],
  ['project', 'Project', async () => (await import('./settings/project.js')).project],
  ['backup', 'Backup', async () => (await import('./settings/backup.js')).backup],
];

/** Whether the reader was on the tabs when the last one was closed: who goes through them by keyboard stays on them. */
let onTabs = false;

const settle = (bar) => {
  if (onTabs) bar.querySelector('[aria-current]')?.focus();
  onTabs = false;
};

export function open({ params }) {
  const found = TABS.find(([name]) => name === (params.tab ?? TABS[0][0]));
  let closed = false;
  const tab = resource(async () => {
    const part = (await found[2]())();
    if (closed) part.close?.();
    return part;
  });
  if (found) tab.load();
  const bar = () => tabs(TABS.map((one) => ({ href: `${place.to`settings/${one[0]}`}${place.query()}`, label: one[1], current: one === found })), 'Settings');
  const missing = () => empty({ title: 'Nothing is here', text: `The settings have no part “${params.tab}”.` });
  return {
    title: () => (found ? `${found[1]} · Settings` : 'Settings'),
    close() {
      closed = true;
      onTabs = Boolean(document.activeElement?.closest('.tabs'));
      tab.peek()?.close?.();
    },
    view: () => html`<div class="page settings"><div class="page-head"><h1>Settings</h1></div><div ${opened(settle)}>${track(bar)}</div>
      <div class="settings-body stack">${found ? shown(tab, (part) => part.view()) : missing()}</div></div>`,
  };
}
