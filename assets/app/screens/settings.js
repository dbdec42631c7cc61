// The settings of a project: its tabs, each an address of its own. A tab is a file in `settings/` that exports a function which
// answers `{ view, close? }`, and a line in TABS.
import { html, track } from '../kit.js';
import * as place from '../store/place.js';
import { tabs } from '../parts/tabs.js';
import { empty } from '../parts/state.js';
import { apiKeys } from './settings/api-keys.js';

/** The part of the address, what is said, and what opens it. */
const TABS = [
  ['api-keys', 'API keys', apiKeys],
];

export function open({ params }) {
  const found = TABS.find(([name]) => name === (params.tab ?? TABS[0][0]));
  const tab = found?.[2]();
  const bar = () => tabs(TABS.map((one) => ({ href: `${place.to`settings/${one[0]}`}${place.query()}`, label: one[1], current: one === found })), 'Settings');
  const missing = () => empty({ title: 'Nothing is here', text: `The settings have no part “${params.tab}”.` });
  return {
    title: () => (found ? `${found[1]} · Settings` : 'Settings'),
    close: () => tab?.close?.(),
    view: () => html`<div class="page settings"><div class="page-head"><h1>Settings</h1></div>${track(bar)}
      <div class="settings-body stack">${tab ? tab.view() : missing()}</div></div>`,
  };
}
