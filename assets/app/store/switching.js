// Switching a flag on or off in an environment: shown at once, taken back if the server refuses, with a way to undo it. A
// production environment asks for the flag's key, a frozen one for a justification.
import { html } from '../kit.js';
import * as api from '../api.js';
import * as place from './place.js';
import { confirm } from '../parts/dialog.js';
import { toast, failed } from '../parts/toast.js';

const send = (flag, environment, enabled, reason) => api.post(`/flags/${encodeURIComponent(flag.key)}/toggle`, { enabled }, {
  query: { environment_id: environment.id }, headers: reason ? { 'X-PhaseFlag-Break-Glass': reason } : {},
});

/** Why this may not be switched by the reader; null: it may. */
export function refusal(flag, environment) {
  if (flag.status === 'archived') return 'An archived flag cannot be switched.';
  if (!place.mayEdit.value) return 'Your role is viewer: it may look, not change.';
  if (environment.frozen && !place.isAdmin.value) return `${environment.name} is frozen: ${environment.frozen_reason ?? 'no reason given'}`;
  return null;
}

/** Which environment is to be asked about when this one is changed: with `shared`, what changes is felt in all of them, so that a
 *  frozen one or production counts from everywhere. */
export function askedAbout(environment, shared) {
  if (environment.frozen || !shared) return environment;
  const all = place.environments.peek() ?? [];
  return all.find((one) => one.frozen) ?? all.find((one) => one.type === 'production') ?? environment;
}

/** Asks what must be asked, and with `always` in any case. `text` says more about it. Answers null (no), or `{ reason }`. */
export async function permission(flag, environment, { title, action, text = '', always = false, when = 'at once', danger = false, wide = false }) {
  const production = environment.type === 'production';
  if (!production && !environment.frozen && !always) return {};
  const answer = await confirm({
    title,
    text: html`<div class="stack tight">${environment.frozen ? html`<p class="note warn">${environment.name} is frozen: ${environment.frozen_reason ?? 'no reason given'}. As an admin you may change it, and the audit log will say why.</p>` : ''}
      ${text}${production ? html`<p class="muted">This changes what people in ${environment.name} get, ${when}.</p>` : ''}</div>`,
    action,
    danger,
    wide,
    typed: production ? flag.key : undefined,
    reason: environment.frozen ? 'Why this cannot wait' : undefined,
  });
  if (!answer) return null;
  return { reason: typeof answer === 'string' ? answer : undefined };
}

/** Switches. `show(enabled, pending)` draws what is so now. */
export async function switchFlag(flag, environment, enabled, show) {
  const given = await permission(flag, environment, {
    title: `Turn ${flag.name} ${enabled ? 'on' : 'off'} in ${environment.name}?`, action: enabled ? 'Turn on' : 'Turn off',
  });
  if (!given) return;
  show(enabled, true);
  try {
    await send(flag, environment, enabled, given.reason);
    show(enabled, false);
  } catch (error) {
    show(!enabled, false);
    failed(error);
    return;
  }
  toast(`${flag.name} is ${enabled ? 'on' : 'off'} in ${environment.name}`, {
    async undo() {
      show(!enabled, true);
      try {
        await send(flag, environment, !enabled, given.reason);
        show(!enabled, false);
      } catch (error) {
        show(enabled, false);
        throw error;
      }
    },
  });
}
