// What the audit log tells of, in plain words: each action as "<somebody> ... <the thing>".
export const RESOURCES = [
  ['flag', 'Flag'], ['segment', 'Segment'], ['environment', 'Environment'], ['project', 'Project'], ['api_key', 'API key'], ['webhook', 'Webhook'],
  ['user', 'Account'], ['invitation', 'Invitation'], ['personal_token', 'Personal access token'], ['organization', 'Organization'],
];

export const ACTIONS = {
  'flag.created': 'made the flag', 'flag.updated': 'changed the flag', 'flag.toggled': 'switched the flag', 'flag.promoted': 'promoted the flag',
  'flag.archived': 'archived the flag', 'flag.restored': 'restored the flag', 'flag.deleted': 'deleted the flag', 'flag.rolled_back': 'rolled back the flag',
  'flag.scheduled': 'scheduled a change of the flag', 'flag.schedule_cancelled': 'called off a scheduled change of the flag', 'flag.schedule_failed': 'could not make a scheduled change of the flag',
  'flag.ramp_created': 'began a ramp of the flag', 'flag.ramp_paused': 'paused a ramp of the flag', 'flag.ramp_resumed': 'resumed a ramp of the flag',
  'flag.ramp_rolled_back': 'rolled back a ramp of the flag', 'flag.ramp_cancelled': 'called off a ramp of the flag',
  'segment.created': 'made the segment', 'segment.updated': 'changed the segment', 'segment.deleted': 'deleted the segment',
  'project.created': 'made the project', 'project.updated': 'changed the project', 'project.imported': 'imported a document into the project', 'project.deleted': 'deleted the project',
  'environment.created': 'made the environment', 'environment.updated': 'changed the environment', 'environment.frozen': 'froze the environment',
  'environment.unfrozen': 'unfroze the environment', 'environment.deleted': 'deleted the environment', 'environment.restored': 'took back changes in the environment',
  'api_key.created': 'made the API key', 'api_key.updated': 'changed the API key', 'api_key.revoked': 'revoked the API key', 'api_key.rotated': 'rotated the API key',
  'organization.created': 'made the organization', 'organization.updated': 'renamed the organization',
  'invitation.created': 'invited', 'invitation.revoked': 'withdrew the invitation for', 'invitation.accepted': 'accepted the invitation for',
  'user.registered': 'made the account', 'user.added': 'added the member', 'user.role_changed': 'changed the role of', 'user.removed': 'removed the member',
  'user.updated': 'changed the account', 'user.password_changed': 'changed the password of', 'user.password_reset': 'reset the password of',
  'personal_token.created': 'made the personal access token', 'personal_token.revoked': 'revoked the personal access token',
  'webhook.created': 'made the webhook', 'webhook.updated': 'changed the webhook', 'webhook.deleted': 'deleted the webhook', 'webhook.secret_rotated': 'rotated the secret of the webhook', 'webhook.paused': 'stopped sending to the webhook',
};

/** What was done, as words; of a switch, which way. */
export function said(entry) {
  if (entry.action === 'flag.toggled' && entry.changes.enabled) return entry.changes.enabled.to ? 'turned on the flag' : 'turned off the flag';
  return ACTIONS[entry.action] ?? entry.action;
}

/** The actions of one kind of thing, or all, for a field to choose from. */
export const choices = (resource) => Object.entries(ACTIONS).filter(([action]) => !resource || action.startsWith(`${resource}.`))
  .map(([action, words]) => [action, `${words[0].toUpperCase()}${words.slice(1)}`]);
