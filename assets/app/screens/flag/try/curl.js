// The same question for a terminal, as a program would ask it.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The command; the key is for the reader to fill in. A context without `user_key` is asked for as the older SDKs do. */
export function curl(flag, context) {
  const body = { ...(context.user_key === undefined ? { flag_key: flag } : { flags: [flag] }), context };
  return `curl ${window.location.origin}/api/v1/evaluate \\
  -H 'X-API-Key: YOUR_KEY' \\
  -H 'Content-Type: application/json' \\
  -d ${quoted(JSON.stringify(body))}`;
}
