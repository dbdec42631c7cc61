// Icons: strokes in a 16 by 16 square, in the colour of the text beside them. Always decoration; the words are elsewhere.
import { html, svg } from '../kit.js';

const PATHS = {
  flag: 'M4 2v12M4 2.5h8l-2 3 2 3H4',
  layers: 'M8 2 2 5l6 3 6-3zM2 8l6 3 6-3M2 11l6 3 6-3',
  chart: 'M2.5 13.5h11M4 11V8M8 11V3M12 11V6',
  compare: 'M5 3v10M5 3 2.5 5.5M5 3l2.5 2.5M11 13V3M11 13l-2.5-2.5M11 13l2.5-2.5',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M8 5v3l2 1.5',
  gear: 'M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4',
  person: 'M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5M2.5 14c.5-3 2.6-4.5 5.5-4.5s5 1.5 5.5 4.5',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.7 10.7 14 14',
  plus: 'M8 3v10M3 8h10',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  right: 'M6 4l4 4-4 4',
  left: 'M10 4 6 8l4 4',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  warn: 'M8 2 1.5 13.5h13zM8 6.5v3.5M8 12v.1',
  trash: 'M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4',
  edit: 'M3 13l.7-3L11 2.7 13.3 5 6 12.3z',
  grip: 'M6 3.5v.1M10 3.5v.1M6 8v.1M10 8v.1M6 12.5v.1M10 12.5v.1',
  more: 'M3.5 8v.1M8 8v.1M12.5 8v.1',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  out: 'M6 2.5H3v11h3M7 8h7M11 5l3 3-3 3',
  keys: 'M1.5 4.5h13v7h-13zM4 7v.1M6.7 7v.1M9.3 7v.1M12 7v.1M5 9.5h6',
  play: 'M5 3l8 5-8 5z',
  undo: 'M3 6h7a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3',
  book: 'M8 3.5C6.5 2.5 4.500 2.500 2.500 3v10c2-.5 4-.5 5.500.5 1.500-1 3.500-1 5.500-.5V3c-2-.5-4-.5-5.500.5zM8 3.500v10',
};

export const icon = (name) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${PATHS[name]}></path>`}</svg>`;
