// The mark and the name, on the screens before the dashboard.
import { html } from '../kit.js';

export const brand = () => html`<p class="brand"><svg class="mark" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="3.5"></rect><path d="M5 3.5v9M5 4h6.5l-2 2.5 2 2.5H5"></path></svg><span>PhaseFlag</span></p>`;
