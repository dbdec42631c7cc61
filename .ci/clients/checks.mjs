// What the two JavaScript clients share: the world, and a counter of checks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const world = JSON.parse(readFileSync(process.env.WORLD, 'utf8'));
let checks = 0;

export function check(actual, expected, about) {
  assert.deepEqual(actual, expected, about);
  checks += 1;
}

// The members of `details` that `expected` has.
export function checkDetails(details, expected) {
  const seen = Object.fromEntries(Object.keys(expected).map((name) => [name, details[name]]));
  check(seen, expected, `${details.flagKey}: ${JSON.stringify({ seen, expected, error: details.errorMessage })}`);
}

export function report(client) {
  console.log(`${client}: ${checks} checks passed`);
}

export const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
