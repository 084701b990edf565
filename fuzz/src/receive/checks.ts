/** What holds for every outcome, whatever the bytes mean: order, limits, legal answers, and the same for any cut. */
import { toHex } from '../../../packages/core/test/bytes.ts';
import { decodeFrames, judge } from '../../../packages/core/test/reference.ts';
import { holds, type Rule, same, Violation } from '../target.ts';
import { ruleOf } from './rules.ts';
import type { Has, Outcome, ReceivedEvent, Role, Setting } from './subject.ts';

/** Rules of a compressed payload; which of them breaks first depends on how much is inflated at once. */
export const OF_COMPRESSED: readonly unknown[] = ['message-too-big', 'invalid-utf8', 'invalid-deflate'];

const PONGS: Rule = { name: 'pongs', section: '5.5.3', sentence: 'a Ping frame is answered with its own payload' };

const ANSWERED: Rule = {
  name: 'close-answered',
  section: '5.5.1',
  sentence: 'a Close frame is answered with one, and a failed connection says why',
};

/** Checks the rules that hold for every outcome by itself. */
export function checkOutcome({ events, sent }: Outcome, role: Role, { maxMessageSize }: Setting, has: Has): void {
  const types = events.map(([type]) => type).join(' ');
  holds('the order of events is kept', /^((text|binary|ping|pong) )*(close |fail )?end$/.test(types), () => types);
  for (const [type, data] of events) {
    const length = type === 'text' ? Buffer.byteLength(String(data)) : type === 'binary' ? bytesIn(String(data)) : 0;
    if (length <= maxMessageSize) continue;
    const details = `${length} bytes`;
    throw new Violation('no message is longer than maxMessageSize', { details, rule: ruleOf('message-too-big') });
  }
  if (sent === undefined) return;
  // A Buffer would be cut without a copy.
  const { frames, rest } = decodeFrames(Uint8Array.from(sent));
  const verdict = judge(frames, role === 'client', { unassignedCodes: has.unassignedCodes === true });
  if (rest > 0 || verdict.failure !== undefined) {
    const rule = verdict.rule && ruleOf(verdict.rule);
    throw new Violation('everything sent is legal', { details: toHex(sent), rule });
  }
  const close = events.find(([type]) => type === 'close' || type === 'fail');
  const answers = verdict.events.filter(([type]) => type === 'close').map(([, code]) => code);
  if (close?.[0] !== 'fail' || has.otherCodes !== true) {
    same(
      'a Close frame and a failure are answered',
      ['answers', answers],
      ['expected', close ? [close[1]] : []],
      () => ANSWERED,
    );
  }
  const of = (type: string, all: readonly ReceivedEvent[]): unknown[] =>
    all.filter((event) => event[0] === type).map(([, payload]) => payload);
  checkPongs(of('pong', verdict.events), of('ping', events), close?.[0] === 'fail', has);
}

/** 5.5.3: checks that pings are answered, in their order; only the last one for some, and not always before a failure. */
function checkPongs(pongs: readonly unknown[], pings: readonly unknown[], failed: boolean, has: Has): void {
  const expected = failed ? pings.slice(0, pongs.length) : pings;
  if (has.mergedPongs !== true) {
    same('every Ping frame is answered', ['pongs', pongs], ['pings', expected], () => PONGS);
    return;
  }
  let from = 0;
  for (const pong of pongs) {
    from = pings.indexOf(pong, from) + 1;
    if (from === 0) break;
  }
  if ((from > 0 || pongs.length === 0) && (failed || pongs.at(-1) === pings.at(-1))) return;
  same(
    'a Pong frame answers a Ping frame, and the last one is answered',
    ['pongs', pongs],
    ['pings', pings],
    () => PONGS,
  );
}

const bytesIn = (digits: string): number => Math.ceil(digits.length / 3);

/**
 * Checks that two cuts of a stream have the same outcome.
 *
 * @param rule returns the rule that one of them breaks, if it does
 */
export function compare(
  [one, whole]: readonly [string, Outcome],
  [two, other]: readonly [string, Outcome],
  { compression }: Setting,
  has: Has,
  rule: () => Rule | undefined,
): void {
  const either = (events: readonly ReceivedEvent[]): boolean =>
    events.some(([, , rule]) => OF_COMPRESSED.includes(rule));
  const blurred = compression && either(whole.events) && either(other.events);
  const blur = (events: readonly ReceivedEvent[]): readonly ReceivedEvent[] =>
    blurred ? events.map((event) => (event[0] === 'fail' ? ['fail', 'of a compressed payload'] : event)) : events;
  same('any cut gives the same events', [one, blur(whole.events)], [two, blur(other.events)], rule);
  // How many pings wait when one is answered depends on the cut.
  if (whole.sent === undefined || other.sent === undefined || blurred || has.mergedPongs === true) return;
  same('any cut gives the same answers', [one, whole.sent], [two, other.sent], rule);
}
