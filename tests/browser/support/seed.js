// The project that the walks are about: some flags of each type, one with a hostile name, three environments, three people.

export const HOSTILE = '<img src=x onerror=alert(1)>';
const PASSWORD = 'correct horse battery';

const ENVIRONMENTS = [['development', 'Development', '#16a34a'], ['staging', 'Staging', '#d97706'], ['production', 'Production', '#dc2626']]
  .map(([key, name, color]) => ({ key, name, type: key, color }));

const simple = (number) => ({
  key: `small-change-${String(number).padStart(4, '0')}`, name: `Small change ${number}`, flag_type: 'boolean', classification: 'release',
  environments: { development: { enabled: number % 2 === 0 }, staging: { enabled: number % 3 === 0 }, production: { enabled: number % 5 === 0 } },
});

const FLAGS = [
  {
    key: 'new-checkout', name: 'New checkout', description: 'The checkout on one page', flag_type: 'boolean', classification: 'release', tags: ['web', 'payments'], owner: 'Checkout team',
    environments: { development: { enabled: true, targeting_rules: [
      { name: 'Our own people', conditions: [{ attribute: 'email', operator: 'ends_with', value: '@example.com' }], variation: 'on' },
      { name: 'A quarter of the pro plan', conditions: [{ attribute: 'plan', operator: 'one_of', value: ['pro', 'team'] }, { attribute: 'country', operator: 'is_not', value: 'US' }],
        percentage_rollout: [{ variation: 'on', percentage: 25 }, { variation: 'off', percentage: 75 }] },
      { name: 'Beta testers', conditions: [{ operator: 'in_segment', value: 'beta-testers' }], percentage_rollout: [{ variation: 'on', percentage: 40 }] },
    ] } },
  },
  {
    key: 'search-ranker', name: 'Search ranker', description: 'Which model orders the results', flag_type: 'string', classification: 'experiment', tags: ['backend'],
    variations: [{ key: 'bm25', name: 'BM25', value: 'bm25' }, { key: 'vector', name: 'Vector', value: 'vector' }, { key: 'hybrid', name: 'Hybrid', value: 'hybrid' }], default_variation: 'bm25',
    environments: { production: { enabled: true, targeting_rules: [{ name: 'Experiment', conditions: [], percentage_rollout: [{ variation: 'bm25', percentage: 50 }, { variation: 'vector', percentage: 25 }, { variation: 'hybrid', percentage: 25 }] }] } },
  },
  {
    key: 'upload-limits', name: 'Upload limits', flag_type: 'json', classification: 'ops_killswitch', tags: ['backend'],
    variations: [{ key: 'small', name: 'Small', value: { megabytes: 10, formats: ['png', 'jpg'] } }, { key: 'large', name: 'Large', value: { megabytes: 200, formats: ['png', 'jpg', 'mov'] } }], default_variation: 'small',
  },
  { key: 'page-size', name: 'Page size', flag_type: 'number', variations: [{ key: 'few', name: 'Few', value: 20 }, { key: 'many', name: 'Many', value: 100 }], default_variation: 'few' },
  { key: 'hostile', name: HOSTILE, description: '<script>alert(1)</script>', flag_type: 'boolean', tags: ['<b>bold</b>'] },
];

/** A seed with this many small flags besides those above. */
export const seed = (small = 40) => ({
  phaseflag: 1,
  project: { key: 'shop', name: 'Shop' },
  environments: ENVIRONMENTS,
  segments: [{ key: 'beta-testers', name: 'Beta testers', included: ['ada'], conditions: [{ attribute: 'plan', operator: 'is', value: 'beta' }] }],
  flags: [...Array.from({ length: small }, (_none, number) => simple(number)), ...FLAGS],
  seed: { users: [
    { email: 'ada@example.com', password: PASSWORD, role: 'admin' },
    { email: 'vera@example.com', password: PASSWORD, role: 'viewer' },
    { email: 'emil@example.com', password: PASSWORD, role: 'editor' },
  ] },
});

export const people = { viewer: { email: 'vera@example.com', password: PASSWORD }, editor: { email: 'emil@example.com', password: PASSWORD } };
