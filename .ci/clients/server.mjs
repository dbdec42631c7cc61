// @openfeature/server-sdk with @openfeature/ofrep-provider.
import { OpenFeature } from '@openfeature/server-sdk';
import { OFREPProvider } from '@openfeature/ofrep-provider';

import { check, checkDetails, report, sleep, world } from './checks.mjs';

const user = { targetingKey: 'u', plan: 'pro' };

async function client(server, key, name) {
  const headers = [['Authorization', `Bearer ${key}`]];
  await OpenFeature.setProviderAndWait(name, new OFREPProvider({ baseUrl: server.url, headers }));
  return OpenFeature.getClient(name);
}

const { free, limited } = world;
const flags = await client(free, free.keys['development/server'], 'free');
const served = (value, variant, reason) => ({ value, variant, reason });
checkDetails(await flags.getBooleanDetails('boolean', false, user), served(true, 'on', 'TARGETING_MATCH'));
checkDetails(await flags.getBooleanDetails('boolean', true, { targetingKey: 'u' }), served(false, 'off', 'DEFAULT'));
checkDetails(await flags.getBooleanDetails('split', false, user), served(true, 'on', 'SPLIT'));
checkDetails(await flags.getBooleanDetails('toggled', true, user), served(false, 'off', 'DISABLED'));
checkDetails(await flags.getStringDetails('string', '', user), {
  ...served('hello', 'greeting', 'STATIC'),
  flagMetadata: { version: '1' },
});
checkDetails(await flags.getNumberDetails('integer', 0, user), served(42, 'answer', 'STATIC'));
checkDetails(await flags.getNumberDetails('float', 0, user), served(0.5, 'half', 'STATIC'));
checkDetails(
  await flags.getObjectDetails('object', {}, user),
  served({ dark: true, sizes: [1, 2] }, 'theme', 'STATIC'),
);

const failed = (value, errorCode) => ({ value, errorCode, reason: 'ERROR' });
checkDetails(await flags.getBooleanDetails('nobody', true, user), failed(true, 'FLAG_NOT_FOUND'));
checkDetails(await flags.getBooleanDetails('string', true, user), failed(true, 'TYPE_MISMATCH'));
checkDetails(await flags.getBooleanDetails('split', true, {}), failed(true, 'TARGETING_KEY_MISSING'));
const browser = await client(free, free.keys['development/client'], 'client key');
checkDetails(await browser.getBooleanDetails('boolean', false, user), { value: true });
const stranger = await client(free, 'sdk-dev-wrong', 'stranger');
checkDetails(await stranger.getBooleanDetails('boolean', true, user), failed(true, 'GENERAL'));

const hasty = await client(limited, limited.keys['development/server'], 'hasty');
let last;
for (let sent = 0; sent < 100 && last?.errorCode === undefined; sent += 1) {
  last = await hasty.getStringDetails('string', '', user);
}
check(last.errorMessage.includes('rate limit exceeded'), true, last.errorMessage);
last = await hasty.getStringDetails('string', '', user);
check(last.errorMessage.includes('paused due to TooManyRequests'), true, last.errorMessage);
await sleep(1.2);
checkDetails(await hasty.getStringDetails('string', '', user), { value: 'hello' });
report('server-sdk');
