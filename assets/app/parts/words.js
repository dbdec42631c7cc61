// Texts of the server as they stand alone: its messages go on after the name of a field, and begin small.

/** The text as a sentence of its own. */
export const sentenceCase = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
