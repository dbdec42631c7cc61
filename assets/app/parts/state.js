// What a screen shows when it has nothing yet, nothing at all, or something that failed.
import { html, nothing } from '../kit.js';
import { button } from './button.js';

/** Grey lines where content will be. */
export const skeleton = (rows = 6) => html`<div class="skeleton" role="status"><span class="seen-by-ear">Loading</span>${Array.from({ length: rows }, (_none, at) => html`<div class="bone w${at % 4}"></div>`)}</div>`;

/** Nothing here: why, and what to do about it. */
export const empty = ({ title, text, action, also }) => html`<div class="empty"><h2>${title}</h2>${text ? html`<p>${text}</p>` : nothing}
  ${action || also ? html`<div class="row">${action ?? nothing}${also ?? nothing}</div>` : nothing}</div>`;

/** It failed: what the server said and a way to try again. */
export const fault = (error, again) => html`<div class="empty" role="alert"><h2>${error.status === 404 ? 'Not found' : 'This could not be loaded'}</h2><p class="wrap">${error.message}</p>
  ${again ? html`<div class="row">${button({ label: 'Try again', work: async () => again() })}</div>` : nothing}</div>`;

/** What is typed is too much for the tab to keep. */
export const unkept = () => html`<p class="note warn" role="status">This is too long to be kept: a reload of the page would lose it.</p>`;
