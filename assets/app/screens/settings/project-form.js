// The dialogs that make a project and change one.
import { html, nothing, signal } from '../../kit.js';
import * as api from '../../api.js';
import { go, path } from '../../router.js';
import { account } from '../../session.js';
import { keep } from '../../store/kept.js';
import * as place from '../../store/place.js';
import { form } from '../../parts/dialog.js';
import { choice, field } from '../../parts/field.js';
import { toast } from '../../parts/toast.js';
import { keyOf } from '../flags/new-flag.js';

/** The organizations in which the reader may make a project. */
export const ownOrganizations = () => (account.value?.organizations ?? []).filter((one) => one.role === 'admin');

const shared = (given, error) => [
  field({ id: 'project-name', label: 'Name', value: given.name.value, onInput: (value) => { given.name.value = value; }, error: error?.field?.('name'), max: 200, required: true, autofocus: true, off: true }),
  field({ id: 'project-description', label: 'What it is for', optional: true, rows: 2, value: given.description.value, onInput: (value) => { given.description.value = value; }, error: error?.field?.('description'), max: 2000 }),
];

/** Makes a project and goes there. */
export async function newProject() {
  const organizations = ownOrganizations();
  const here = organizations.find((one) => one.id === place.project.peek()?.organization_id) ?? organizations[0];
  const given = { name: signal(''), key: signal(null), description: signal(''), organization: signal(here.id) };
  const key = () => given.key.value ?? keyOf(given.name.value);
  const made = await form({
    title: 'New project',
    submit: 'Create the project',
    everywhere: true,
    kept: keep('project', given),
    ready: () => given.name.value.trim() !== '' && key() !== '',
    intro: html`<p class="muted">It starts with the environments Development, Staging and Production, and without flags.</p>`,
    fields(error) {
      const [name, description] = shared(given, error);
      return html`${name}
        ${field({ id: 'project-key', label: 'Key', mono: true, value: key(), onInput: (value) => { given.key.value = value; }, error: error?.field?.('key'), max: 128, required: true, off: true, help: 'What addresses and documents call it. It cannot be changed later.' })}
        ${description}
        ${organizations.length > 1 ? choice({ id: 'project-organization', label: 'Organization', value: given.organization.value, options: organizations.map((one) => [one.id, one.name]), onChange: (value) => { given.organization.value = value; }, error: error?.field?.('organization_id'), help: 'Its members see the project.' }) : nothing}`;
    },
    work: async () => (await api.post('/projects', { organization_id: given.organization.value, key: key(), name: given.name.value.trim(), description: given.description.value.trim() || null })).data,
  });
  if (!made) return;
  await place.loadProjects();
  toast(`The project ${made.name} is there.`);
  go(path`/p/${place.slug(made)}/flags`);
}

/** Changes the name and the description of this project. */
export async function editProject(project) {
  const given = { name: signal(project.name), description: signal(project.description ?? '') };
  const done = await form({
    title: `Change ${project.name}`,
    kept: keep(`project ${project.id}`, given, { changes: true }),
    fields: (error) => html`${shared(given, error)}`,
    ready: () => given.name.value.trim() !== '',
    work: () => api.put(path`/projects/${project.id}`, { name: given.name.value.trim(), description: given.description.value.trim() || null }),
  });
  if (!done) return;
  await place.loadProjects();
  toast('The project is saved.');
}

/** Renames an organization. */
export async function editOrganization(organization, reload) {
  const name = signal(organization.name);
  const done = await form({
    title: `Rename ${organization.name}`,
    fields: (error) => field({ id: 'organization-name', label: 'Name', value: name.value, onInput: (value) => { name.value = value; }, error: error?.field?.('name'), max: 200, required: true, autofocus: true, off: true }),
    ready: () => name.value.trim() !== '',
    work: () => api.put(path`/organizations/${organization.id}`, { name: name.value.trim() }),
  });
  if (!done) return;
  await reload();
  toast('The organization is renamed.');
}
