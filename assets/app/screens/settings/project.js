// This project and its organization: what they are called, and how the project is deleted.
import { html, nothing, track } from '../../kit.js';
import * as api from '../../api.js';
import { go, path } from '../../router.js';
import { account, reload } from '../../session.js';
import { reopens } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { button } from '../../parts/button.js';
import { copyButton } from '../../parts/copy.js';
import { confirm } from '../../parts/dialog.js';
import { skeleton } from '../../parts/state.js';
import { ago, count } from '../../parts/time.js';
import { toast } from '../../parts/toast.js';
import { editOrganization, editProject } from './project-form.js';
import { of } from './rows.js';

async function remove(project) {
  const frozen = (place.environments.peek() ?? []).filter((one) => one.frozen);
  const many = (place.environments.peek() ?? []).length;
  const done = await confirm({
    title: `Delete ${project.name}?`,
    text: html`<p class="wrap">It goes with everything in it: its flags, its segments, its webhooks, and its ${count(many)} environment${many === 1 ? '' : 's'} with their API keys. Programs that use it are refused at once. Nothing brings it back, except a backup.</p>`,
    action: 'Delete the project',
    danger: true,
    typed: project.key,
    reason: frozen.length ? `${frozen.map((one) => one.name).join(', ')} is frozen. Why this cannot wait` : undefined,
    work: (reason) => api.del(path`/projects/${project.id}`, { query: { confirm: project.key }, headers: frozen.length ? { 'X-PhaseFlag-Break-Glass': reason } : {} }),
  });
  if (!done) return;
  toast(`The project ${project.name} is deleted.`);
  go('/');
  await place.loadProjects();
}

const fact = (name, value) => html`<div class="fact"><dt class="muted">${name}</dt><dd class="wrap">${value}</dd></div>`;

export function project() {
  const stopReopen = reopens(() => place.isAdmin.value && `project ${place.project.value.id}`, () => editProject(place.project.peek()));
  const view = () => {
    const one = place.project.value;
    if (!one || !place.role.value) return skeleton();
    const organization = account.value.organizations.find((other) => other.id === one.organization_id);
    const admin = place.isAdmin.value;
    return html`<section class="stack tight" aria-labelledby="project-title"><div class="row"><h2 id="project-title" class="grow">Project</h2>${admin ? button({ label: of('Edit', 'the project'), name: 'edit project', small: true, onClick: () => editProject(one) }) : nothing}</div>
      <dl class="facts">${fact('Name', one.name)}${fact('Key', html`<span class="row tight"><code class="wrap">${one.key}</code>${copyButton(one.key, 'Copy the key')}</span>`)}
        ${fact('What it is for', one.description || html`<span class="muted">Nothing was said.</span>`)}${fact('Made', ago(one.created_at))}</dl></section>
      <section class="stack tight" aria-labelledby="organization-title"><div class="row"><h2 id="organization-title" class="grow">Organization</h2>${admin ? button({ label: of('Rename', 'the organization'), name: 'edit organization', small: true, onClick: () => editOrganization(organization, reload) }) : nothing}</div>
        <dl class="facts">${fact('Name', organization.name)}${fact('Your role', organization.role)}</dl></section>
      ${admin ? html`<section class="stack tight" aria-labelledby="delete-title"><h2 id="delete-title">Delete the project</h2><div class="row"><p class="grow muted">With everything in it, for good. What was done stays in the audit log.</p>${button({ label: 'Delete…', small: true, kind: 'danger', onClick: () => remove(one) })}</div></section>`
        : html`<p class="muted">Only admins can change the project.</p>`}`;
  };
  return { view: () => track(view), close: stopReopen };
}
