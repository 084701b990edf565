/** Names the rule behind a difference between a subject and the reference. */

import { PROTOCOL_RULES, type ProtocolRuleName } from '../../../packages/core/src/rules/connection.ts';
import type { Verdict } from '../../../packages/core/test/reference.ts';
import type { Rule } from '../target.ts';
import type { ReceivedEvent } from './subject.ts';

/** What a receiver must deliver. The rules of core are about what it must refuse. */
const DELIVERED: Readonly<Record<string, Omit<Rule, 'name'>>> = {
  text: { section: '5.6', sentence: 'a text message is delivered' },
  binary: { section: '5.6', sentence: 'a binary message is delivered' },
  ping: { section: '5.5.2', sentence: 'a Ping frame is received, also between the fragments of a message' },
  pong: { section: '5.5.3', sentence: 'a Pong frame is received, also when it answers nothing' },
  close: { section: '5.5.1', sentence: 'a Close frame is received, with its code and reason' },
};

const PAYLOAD: Rule = {
  name: 'payload',
  section: '5.3',
  sentence: 'a payload is what was sent: each byte combined with the byte of the masking key at its index modulo 4',
};

const SURPLUS: Rule = {
  name: 'surplus',
  section: '5.2',
  sentence: 'nothing is delivered that no frame has carried, and nothing behind a Close frame (5.5.1)',
};

/** Returns a rule of core's table. */
export const ruleOf = (name: ProtocolRuleName): Rule => {
  const { section, sentence } = PROTOCOL_RULES[name];
  return { name, section, sentence };
};

/**
 * Returns the rule that a subject breaks; `undefined` when it does what the reference does.
 *
 * @param found all its events before a failure and the end
 * @param failure its close code, if it failed
 * @param rest the number of bytes of an incomplete frame at the end
 * @param beginning the rule that these break by themselves
 */
export function brokenRule(
  found: readonly ReceivedEvent[],
  failure: unknown,
  expected: Verdict,
  rest: number,
  beginning: ProtocolRuleName | undefined,
): Rule | undefined {
  const at = expected.events.findIndex((event, i) => JSON.stringify(event) !== JSON.stringify(found[i]));
  const missing = expected.events[at];
  if (missing !== undefined) {
    const [type] = missing;
    const other = found[at];
    if (other?.[0] === type) return PAYLOAD;
    const { section, sentence } = DELIVERED[type] ?? PAYLOAD;
    return { name: `${type}-delivered`, section, sentence };
  }
  const rule = expected.rule ?? beginning;
  if (rule !== undefined) return ruleOf(rule);
  if (found.length > expected.events.length) return SURPLUS;
  // An incomplete frame may break a rule in its place.
  return failure === undefined || rest > 0
    ? undefined
    : { name: 'legal', section: '7.1.7', sentence: 'a connection fails only when a rule is broken' };
}
