// What is shown in place of a part of the settings that only admins may see.
import * as place from '../../store/place.js';
import { empty } from '../../parts/state.js';

const AS = { viewer: 'a viewer', editor: 'an editor' };

/** `what` is a sentence about what admins see here. */
export const onlyAdmins = (what) => empty({
  title: 'Only admins can see this',
  text: `${what} You are ${AS[place.role.value] ?? 'no member'} of the organization that this project belongs to. Ask one of its admins.`,
});
