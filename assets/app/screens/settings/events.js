// Webhooks in plain words: what they can be told of, how they are, and why a delivery failed. A `webhook.test` comes to every
// webhook that is asked for one, and is no choice.
import { chip } from '../../parts/chip.js';

export const EVENTS = [
  ['Flags', [['flag.created', 'made'], ['flag.updated', 'changed'], ['flag.toggled', 'turned on or off'], ['flag.archived', 'archived'], ['flag.restored', 'restored'], ['flag.deleted', 'deleted']]],
  ['Segments', [['segment.created', 'made'], ['segment.updated', 'changed'], ['segment.deleted', 'deleted']]],
  ['Schedules', [['schedule.failed', 'failed']]],
];
export const ALL = EVENTS.flatMap(([, events]) => events.map(([event]) => event));

const STATES = { active: ['active', 'accent'], failing: ['failing', 'warn'], paused: ['stopped', 'danger'], inactive: ['off', 'plain'] };
/** How a webhook is. */
export const stateOf = (webhook) => chip(...STATES[webhook.status]);

/** What can be done about a failure, by what the server says of it. */
const ADVICE = [
  [/redirects are not followed/, 'Enter the final address in the webhook.'],
  [/answered 40[13]/, 'It does not accept the request: check how it verifies the signature.'],
  [/answered 404/, 'Check the path of the address.'],
  [/gone for good/, 'With 410 it says that it wants no more of this event, so it is not tried again.'],
  [/which is not allowed/, 'This server connects to public addresses only. Who runs it can allow others with --webhook-allow-private.'],
  [/takes too long/, 'A receiver should answer first and do its work afterwards.'],
  [/refuses connections|no way to it|connected to in time/, 'Check that the receiver runs, and that a firewall lets this server in.'],
  [/has no address/, 'Check the name of the host.'],
  [/queue was full/, 'Too many events were waiting for this webhook; the oldest are given up.'],
];

/** The server's words as a sentence, and what can be done. */
export function why(error) {
  const text = error.replace(/^it /, 'The receiver ').replace(/^its /, 'The receiver’s ');
  const sentence = `${text[0].toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`;
  return [sentence, ADVICE.find(([pattern]) => pattern.test(error))?.[1]].filter(Boolean).join(' ');
}
