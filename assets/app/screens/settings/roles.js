// The roles, and what each may do.
export const ROLES = {
  viewer: { name: 'Viewer', may: 'looks' },
  editor: { name: 'Editor', may: 'changes flags' },
  admin: { name: 'Admin', may: 'everything' },
};

/** The roles for a field to choose from. */
export const choices = Object.entries(ROLES).map(([role, { name, may }]) => [role, `${name}: ${may}`]);
