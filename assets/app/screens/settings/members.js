// Who belongs to the organization of this project, with which role, and who is invited to it.
import { html, nothing, effect, signal, track, repeat, untracked } from '../../kit.js';
import * as api from '../../api.js';
import { go, path } from '../../router.js';
import { account, reload } from '../../session.js';
import { inProject, reopens } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button, once } from '../../parts/button.js';
import { chip } from '../../parts/chip.js';
import { form } from '../../parts/dialog.js';
import { field } from '../../parts/field.js';
import { icon } from '../../parts/icon.js';
import { menu } from '../../parts/menu.js';
import { resource, shown } from '../../parts/resource.js';
import { skeleton } from '../../parts/state.js';
import { ago, count } from '../../parts/time.js';
import { failed, toast } from '../../parts/toast.js';
import { invitations } from './invitations.js';
import { ROLES } from './roles.js';
import { keepPlace, of, row } from './rows.js';

/** So many are shown at once; others are found by their name. */
const MOST = 50;
const FILTER_FROM = 10;

const nameOf = (member) => member.full_name || member.email;
const self = (member) => member.user_id === account.value?.id;

export function members() {
  let asked = null;
  const filter = signal('');
  const base = () => path`/organizations/${place.project.peek().organization_id}/members`;
  const people = resource(() => api.all(base(), {}, 5000));
  const invited = invitations({ nameOf: (id) => people.value?.find((one) => one.user_id === id) });
  const load = () => Promise.all([people.load(), place.isAdmin.peek() && invited.load()]).catch(failed);
  const stop = effect(() => {
    const wanted = place.role.value ? `${place.project.value.organization_id} ${place.isAdmin.value}` : null;
    if (wanted === asked) return;
    asked = wanted;
    untracked(() => { if (wanted) load(); });
  });
  const stopFocus = place.onNewsAfterRole(() => { if (asked) load(); });
  const stopReopen = reopens(() => place.isAdmin.value && inProject('invitation'), () => invited.invite());

  const show = (member, role) => {
    people.value = people.peek().map((one) => (one.user_id === member.user_id ? { ...one, role } : one));
  };

  /** Shows the role at once, and takes it back where the server refuses. */
  async function put(member, role, before) {
    show(member, role);
    try {
      await api.put(`${base()}/${encodeURIComponent(member.user_id)}`, { role });
    } catch (error) {
      show(member, before);
      throw error;
    }
    if (self(member)) await reload();
  }

  const change = (member, role) => once(`role ${member.user_id}`, async () => {
    const before = member.role;
    if (role === before) return;
    if (self(member) && !await form({
      title: 'Change your own role?', submit: `Become ${role}`, danger: true, fields: () => nothing,
      intro: html`<p>You are an admin now. Afterwards only another admin can make you one again.</p>`, work: () => put(member, role, before),
    })) return;
    if (!self(member)) await put(member, role, before);
    toast(`${nameOf(member)} is ${role} now.`, self(member) ? {} : { undo: () => put(member, before, role) });
  });

  async function remove(member) {
    const stay = keepPlace();
    const mine = self(member);
    const organization = account.value?.organizations.find((one) => one.id === place.project.value?.organization_id)?.name ?? 'the organization';
    const done = await form({
      title: mine ? `Leave ${organization}?` : `Remove ${nameOf(member)}?`,
      submit: mine ? 'Leave' : 'Remove',
      danger: true,
      fields: () => nothing,
      intro: html`<p class="wrap">${mine ? 'You see' : html`<strong>${member.email}</strong> sees`} nothing of ${organization} from then on, and ${mine ? 'your' : 'their'} personal access tokens no longer work there. Only an invitation leads back.</p>`,
      work: () => api.del(`${base()}/${encodeURIComponent(member.user_id)}`),
    });
    if (!done) return;
    toast(mine ? `You left ${organization}.` : `${nameOf(member)} is removed.`);
    if (mine) {
      await reload();
      await place.loadProjects();
      go('/');
      return;
    }
    await people.load();
    stay();
  }

  const roleOf = (member) => (place.isAdmin.value ? menu({
    id: `role-${member.user_id}`, kind: 'button plain small', side: 'right', label: `Role of ${nameOf(member)}: ${member.role}`,
    view: html`<span>${ROLES[member.role].name}</span>${icon('down')}`,
    items: Object.entries(ROLES).map(([role, { name, may }]) => ({ label: name, hint: may, checked: role === member.role, onClick: () => change(member, role).catch(failed) })),
  }) : chip(ROLES[member.role].name, member.role === 'admin' ? 'accent' : 'plain'));

  const one = (member) => row({
    title: html`<strong class="wrap">${nameOf(member)}</strong>${self(member) ? chip('you', 'accent') : nothing}`,
    detail: html`${member.full_name ? html`${member.email} · ` : nothing}joined ${ago(member.joined_at)}`,
    actions: html`${track(() => roleOf(member))}${place.isAdmin.value || self(member) ? button({
      label: of(self(member) ? 'Leave' : 'Remove', nameOf(member)), name: `remove ${member.user_id}`, small: true, onClick: () => remove(member),
    }) : nothing}`,
  });

  const list = (all) => {
    const wanted = filter.value.trim().toLowerCase();
    const found = all.filter((member) => member.email.includes(wanted) || nameOf(member).toLowerCase().includes(wanted));
    return html`${all.length > FILTER_FROM ? html`<div class="settings-filter">${field({ label: 'Search members', hideLabel: true, placeholder: 'Name or email', type: 'search', value: filter.value, onInput: (value) => { filter.value = value; }, off: true })}</div>` : nothing}
      ${found.length ? html`<ul class="settings-list" aria-label="Members">${repeat(found.slice(0, MOST), (member) => member.user_id, one)}</ul>` : html`<p class="muted" role="status">Nobody has “${filter.value}” in their name or address.</p>`}
      ${found.length > MOST ? html`<p class="muted small">${count(found.length - MOST)} more. Search for them by name or email.</p>` : nothing}`;
  };

  const view = () => {
    if (!place.role.value) return skeleton();
    const organization = account.value.organizations.find((one) => one.id === place.project.value.organization_id);
    return html`<div class="row"><p class="grow wrap">People in <strong>${organization?.name}</strong>. <span class="muted">They see all projects of the organization.${place.isAdmin.value ? nothing : ' Only its admins invite people and change roles.'}</span></p>
      ${place.isAdmin.value ? button({ label: 'Invite', kind: 'primary', icon: 'plus', onClick: invited.invite }) : nothing}</div>
      ${invited.secret()}<section class="stack tight" aria-labelledby="members-title"><h2 id="members-title">Members${track(() => (people.value ? html` <span class="muted">${count(people.value.length)}</span>` : nothing))}</h2>${shown(people, list)}</section>
      ${place.isAdmin.value ? invited.view() : nothing}`;
  };
  return { view: () => track(view), close() { stop(); stopFocus(); stopReopen(); } };
}
