// Where the focus goes when what had it is taken off the page.

/** Focuses the first of these elements (by id) that is there, once the page is drawn again. */
export const focusOn = (...ids) => requestAnimationFrame(() => requestAnimationFrame(() => ids.map((id) => document.getElementById(id)).find(Boolean)?.focus()));
