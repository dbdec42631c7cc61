// The operators that a condition can have, as the server lists them: what each compares with and what it means.
import * as api from '../../api.js';
import { resource } from '../../parts/resource.js';
import { sayOperator } from '../flag/sentence.js';

const GROUPS = { text: 'Text', number: 'Numbers', version: 'Versions', time: 'Moments', presence: 'Presence', network: 'Addresses', segment: 'Segments' };

/** A resource of all operators; they are the same for everybody, and fetched once. */
export const operators = resource(async () => (await api.get('/system/operators')).data);

export const operatorNamed = (name) => operators.value?.find((one) => one.name === name) ?? null;

/** `[group, [[name, words]]]`, in the order of the server. */
export function grouped() {
  const groups = new Map();
  for (const one of operators.value ?? []) groups.set(one.group, [...(groups.get(one.group) ?? []), [one.name, sayOperator(one.name)]]);
  return [...groups].map(([group, list]) => [GROUPS[group] ?? group, list]);
}

const isList = (operand) => operand === 'scalars' || operand === 'networks' || operand === 'segments';
const listOf = (value) => (value === undefined || value === null ? [] : [value].flat()).map(String).filter((text) => text !== '');

/** What is typed, as the operator wants it: a number where it is one, a list where there may be several. */
export function parsed(operand, text) {
  if ((operand === 'number' || (operand === 'moment' && /^\d+$/.test(text.trim()))) && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}

/** This condition with another operator: what was compared with stays, where the new one takes it. */
export function withOperator(condition, name) {
  const { operand, group, folds_case: folds } = operatorNamed(name);
  const { attribute = '', value, case_insensitive: folded } = condition;
  const next = { ...(group === 'segment' ? {} : { attribute }), operator: name };
  if (isList(operand)) next.value = isSegment(condition) === (group === 'segment') ? listOf(value) : [];
  else if (operand !== 'nothing') next.value = isSegment(condition) ? '' : parsed(operand, String(listOf(value)[0] ?? ''));
  return folds && folded ? { ...next, case_insensitive: true } : next;
}

export const isSegment = ({ operator }) => operator === 'in_segment' || operator === 'not_in_segment';
export const values = (condition) => listOf(condition.value);
export const fresh = () => ({ attribute: '', operator: 'is', value: '' });
