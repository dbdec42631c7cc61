// The invitations to the organization of this project: made, shown once as a link, listed and withdrawn. The server sends no
// mail; who invites passes the link on.
import { html, nothing, signal, repeat } from '../../kit.js';
import * as api from '../../api.js';
import { path } from '../../router.js';
import { inProject, keep } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { chip } from '../../parts/chip.js';
import { form } from '../../parts/dialog.js';
import { choice, field } from '../../parts/field.js';
import { resource, shown } from '../../parts/resource.js';
import { ago, sayDay, sayExactly } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { ROLES, choices } from './roles.js';
import { keepPlace, of, row } from './rows.js';
import { secrets } from './secret.js';

/** Answers `{ load, invite, secret, view }`. `nameOf` says which member has this id, where it is known. */
export function invitations({ nameOf }) {
  const secret = secrets();
  const base = () => path`/organizations/${place.project.peek().organization_id}/invitations`;
  const open = resource(() => api.all(base()));

  async function invite() {
    const given = { email: signal(''), role: signal('editor') };
    const made = await form({
      title: 'Invite somebody',
      submit: 'Make the invitation',
      kept: keep(inProject('invitation'), given),
      ready: () => given.email.value.trim() !== '',
      intro: html`<p class="muted">You get a link to send yourself: the server sends no mail. It works once, for this address alone, for 7 days.</p>`,
      fields: (error) => html`
        ${field({ id: 'invite-email', label: 'Email', type: 'email', value: given.email.value, onInput: (value) => { given.email.value = value; }, error: error?.field?.('email'), max: 254, required: true, autofocus: true, off: true })}
        ${choice({ id: 'invite-role', label: 'Role', value: given.role.value, options: choices, onChange: (value) => { given.role.value = value; }, error: error?.field?.('role') })}`,
      work: async () => (await api.post(base(), { email: given.email.value.trim(), role: given.role.value })).data,
    });
    if (!made) return;
    secret.give({
      title: `The invitation for ${made.email}`, secret: window.location.origin + made.url, label: 'Copy the link', done: 'I have sent it',
      text: `Send this link to ${made.email}, and to nobody else. It is shown only now, and works until ${sayExactly(made.expires_at)}.`,
    });
    await open.load();
  }

  async function withdraw(invitation) {
    const stay = keepPlace();
    const done = await form({
      title: `Withdraw the invitation for ${invitation.email}?`,
      submit: 'Withdraw',
      danger: true,
      fields: () => nothing,
      intro: html`<p>Its link stops working. You can invite the same address again.</p>`,
      work: () => api.del(`${base()}/${encodeURIComponent(invitation.id)}`),
    });
    if (!done) return;
    toast(`The invitation for ${invitation.email} is withdrawn.`);
    await open.load();
    stay();
  }

  const by = (invitation) => {
    const member = nameOf(invitation.invited_by);
    return member ? ` by ${member.full_name || member.email}` : '';
  };
  const one = (invitation) => row({
    title: html`<strong class="wrap">${invitation.email}</strong>${chip(ROLES[invitation.role].name, invitation.role === 'admin' ? 'accent' : 'plain')}`,
    detail: html`invited ${ago(invitation.created_at)}${by(invitation)} · the link works until <time datetime=${invitation.expires_at} title=${sayExactly(invitation.expires_at)}>${sayDay(invitation.expires_at)}</time>`,
    actions: button({ label: of('Withdraw', invitation.email), name: `withdraw ${invitation.id}`, small: true, onClick: () => withdraw(invitation) }),
  });
  const list = (all) => (all.length ? html`<ul class="settings-list" aria-label="Open invitations">${repeat(all, (invitation) => invitation.id, one)}</ul>` : html`<p class="muted">Nobody is invited at the moment.</p>`);

  return {
    load: open.load,
    invite,
    secret: secret.view,
    view: () => html`<section class="stack tight" aria-labelledby="invitations-title"><h2 id="invitations-title">Open invitations</h2>${shown(open, list, { rows: 2 })}</section>`,
  };
}
