// The list of flags.
import { html } from '../kit.js';
export function open() { return { title: () => 'Flags', view: () => html`<div class="page"><h1>Flags</h1></div>` }; }
