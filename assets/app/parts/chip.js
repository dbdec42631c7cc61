// Small words: tags, kinds, states, environments.
import { html, nothing, css } from '../kit.js';
import { icon } from './icon.js';

/** `kind`: `plain`, `accent`, `warn` or `danger`. */
export const chip = (text, kind = 'plain', title) => html`<span class="chip ${kind}" title=${title ?? nothing}>${text}</span>`;

/** The coloured dot of an environment and its name. */
export const environment = (env, { short = false } = {}) => html`<span class="env"><span class="dot" ${css({ background: env.color || 'currentColor' })}></span><span class="cut">${short ? env.key : env.name}</span>${env.frozen ? html`<span class="frozen" title=${env.frozen_reason ?? 'Frozen'}>${icon('lock')}<span class="seen-by-ear">frozen</span></span>` : nothing}</span>`;

/** What a variation looks like in a sentence: its colour in this flag and its name. */
export const variation = (flag, key) => {
  const at = flag.variations.findIndex((one) => one.key === key);
  return html`<span class="variation"><span class="swatch c${Math.max(0, at) % 8}"></span><span class="cut">${flag.variations[at]?.name || key}</span></span>`;
};

/** What a flag is for: what the server calls it, how that is said in a word, and what it means. */
const PURPOSES = [
  ['release', 'Release', 'a feature on its way out'], ['experiment', 'Experiment', 'which is better'], ['ops_killswitch', 'Kill switch', 'off in an emergency'],
  ['permission', 'Permission', 'who may'], ['migration', 'Migration', 'from old to new'],
];

/** A flag's purpose in a word. */
export const purpose = (name) => PURPOSES.find(([known]) => known === name)?.[1];

/** The purposes to choose from. */
export const purposes = () => PURPOSES.map(([name, word, meaning]) => [name, `${word}: ${meaning}`]);
