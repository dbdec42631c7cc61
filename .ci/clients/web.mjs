// @openfeature/web-sdk with @openfeature/ofrep-web-provider, and a standard EventSource in place of the browser's.
import { EventSource } from 'eventsource';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';

import { check, checkDetails, report, world } from './checks.mjs';

globalThis.EventSource = EventSource;
const { free, limited } = world;
const WAIT_MILLIS = 10_000;

// A provider without polling, and the statuses of what it fetched.
function provider(server, key) {
  const statuses = [];
  const fetchImplementation = async (request, options) => {
    const response = await fetch(request, options);
    statuses.push(response.status);
    return response;
  };
  const headers = [['X-API-Key', key]];
  const options = { baseUrl: server.url, headers, cacheMode: 'disabled', fetchImplementation };
  return { statuses, provider: new OFREPWebProvider(options) };
}

function within(promise, what) {
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no ${what} in ${WAIT_MILLIS} ms`)), WAIT_MILLIS).unref();
  });
  return Promise.race([promise, late]);
}

const user = { targetingKey: 'u', plan: 'pro' };
await OpenFeature.setContext(user);
const web = provider(free, free.keys['development/client']);
await OpenFeature.setProviderAndWait(web.provider);
const flags = OpenFeature.getClient();
const served = (value, variant, reason) => ({ value, variant, reason });
checkDetails(flags.getBooleanDetails('boolean', false), served(true, 'on', 'TARGETING_MATCH'));
checkDetails(flags.getBooleanDetails('split', false), served(true, 'on', 'SPLIT'));
checkDetails(flags.getBooleanDetails('toggled', true), served(false, 'off', 'DISABLED'));
checkDetails(flags.getStringDetails('string', ''), {
  ...served('hello', 'greeting', 'STATIC'),
  flagMetadata: { version: '1' },
});
checkDetails(flags.getNumberDetails('integer', 0), served(42, 'answer', 'STATIC'));
checkDetails(flags.getNumberDetails('float', 0), served(0.5, 'half', 'STATIC'));
checkDetails(flags.getObjectDetails('object', {}), served({ dark: true, sizes: [1, 2] }, 'theme', 'STATIC'));
const failed = (value, errorCode) => ({ value, errorCode, reason: 'ERROR' });
checkDetails(flags.getBooleanDetails('nobody', true), failed(true, 'FLAG_NOT_FOUND'));
checkDetails(flags.getBooleanDetails('string', true), failed(true, 'TYPE_MISMATCH'));

// The same context again: nothing is sent twice.
check(web.statuses, [200]);
await OpenFeature.setContext({ plan: 'pro', targetingKey: 'u' });
check(web.statuses, [200, 304]);
await OpenFeature.setContext({ targetingKey: 'u' });
check(web.statuses, [200, 304, 200]);
checkDetails(flags.getBooleanDetails('boolean', true), served(false, 'off', 'DEFAULT'));
await OpenFeature.setContext({});
checkDetails(flags.getBooleanDetails('split', true), failed(true, 'TARGETING_KEY_MISSING'));
await OpenFeature.setContext(user);

// A change reaches the provider by the event stream, and only what changed is said to have.
const changed = new Promise((resolve) => flags.addHandler(ProviderEvents.ConfigurationChanged, resolve));
const answer = await fetch(`${free.url}/api/v1/flags/toggled/toggle?environment_id=${free.environment}`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${free.token}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ enabled: true }),
});
check(answer.status, 200);
const event = await within(changed, 'event');
check(event.flagsChanged, ['toggled']);
checkDetails(flags.getBooleanDetails('toggled', false), served(true, 'on', 'SPLIT'));

const stranger = provider(free, 'pub-dev-wrong');
const refused = await OpenFeature.setProviderAndWait('stranger', stranger.provider).catch((error) => error);
check([refused.code, stranger.statuses], ['PROVIDER_FATAL', [401]]);

// Too many requests: until Retry-After is over, the provider sends nothing.
const hasty = provider(limited, limited.keys['staging/client']);
await OpenFeature.setContext('hasty', { targetingKey: 'u' });
await OpenFeature.setProviderAndWait('hasty', hasty.provider);
for (let sent = 0; sent < 100 && hasty.statuses.at(-1) !== 429; sent += 1) {
  await OpenFeature.setContext('hasty', { targetingKey: 'u', sent });
}
check(hasty.statuses.at(-1), 429);
const before = hasty.statuses.length;
await OpenFeature.setContext('hasty', { targetingKey: 'u', sent: 'more' });
check(hasty.statuses.length, before);
await OpenFeature.close();
report('web-sdk');
