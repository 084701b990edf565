/**
 * An executable model of a connection (RFC 6455 4, 5.4, 5.5, 7): which facts there are, and what each input does to them.
 *
 * It is written from the table of the closing handshake, not from connection.ts, and checked beside it: every input in
 * every state that can be reached (model.test.ts). ARCHITECTURE.md has its transitions (table.ts).
 */
import type { Role, State, Transport } from '../../src/index.ts';

/** What is known of a connection; a plain value. */
export interface Facts {
  readonly role: Role;
  /** The opening handshake waits for this; `undefined` once it is complete. */
  readonly awaits: 'request' | 'decision' | 'response' | undefined;
  readonly closeSent: boolean;
  readonly closeReceived: boolean;
  /** We failed the connection: in the opening handshake, or when it was open. */
  readonly failed: 'opening' | 'open' | undefined;
  /** The transport's read side has ended. */
  readonly ended: boolean;
  /** The last deadline has passed. */
  readonly destroyed: boolean;
  /** A fragmented message is being received, or sent. */
  readonly receiving: boolean;
  readonly sending: boolean;
  readonly paused: boolean;
  /** The transport takes nothing for now. */
  readonly full: boolean;
  /** The last of what waits in the outbox, by name; and whether our Close frame does. */
  readonly waits: string | undefined;
  readonly closeWaits: boolean;
}

/** What can happen to a connection. */
export const INPUTS = [
  // What arrives.
  ...(['request', 'bad request', 'response', 'refusal'] as const),
  ...(['text', 'first fragment', 'middle fragment', 'last fragment', 'ping', 'pong', 'Close', 'reserved bit'] as const),
  ...(['EOF', 'deadline', 'full', 'drain'] as const),
  // What the application does.
  ...([
    'accept()',
    'reject()',
    'send()',
    'send first',
    'send last',
    'ping()',
    'close()',
    'fail()',
    'fail() too slow',
    'pause()',
    'resume()',
  ] as const),
] as const;
export type Input = (typeof INPUTS)[number];

/** What is seen of it from outside. */
export interface Output {
  /** Types of events; of `fail` with its rule. */
  readonly events: readonly string[];
  /** Frames by name, heads by status; of what had waited, the last. */
  readonly sent: readonly string[];
  /** The rule of the StateError. */
  readonly throws?: string;
}

export function initial(role: Role): Facts {
  return {
    ...{ role, awaits: role === 'server' ? 'request' : 'response', failed: undefined },
    ...{ closeSent: false, closeReceived: false, ended: false, destroyed: false },
    ...{ receiving: false, sending: false, paused: false, full: false, waits: undefined, closeWaits: false },
  };
}

export function stateOf({ awaits, closeSent, failed, ended }: Facts): State {
  if (ended) return 'closed';
  if (closeSent || failed) return 'closing';
  return awaits === undefined ? 'open' : 'connecting';
}

export function transportOf({ role, closeSent, closeReceived, failed, ended, destroyed, waits }: Facts): Transport {
  if (destroyed || (failed === 'opening' && role === 'client' && !ended)) return 'destroy';
  // 7.1.1: the server ends first.
  const ends = ended || (role === 'server' && (failed || (closeSent && closeReceived)));
  return ends && waits === undefined ? 'end' : 'open';
}

/** The one deadline that runs where there is neither a heartbeat nor an idle timeout. */
export function deadlineOf(facts: Facts): 'handshake' | 'message' | 'stall' | 'close' | undefined {
  if (facts.destroyed) return undefined;
  const state = stateOf(facts);
  if (state === 'connecting') return 'handshake';
  if (state === 'open' && facts.receiving && !facts.paused) return 'message';
  if (state === 'open') return facts.waits === undefined ? undefined : 'stall';
  return facts.closeWaits && !facts.failed && !facts.ended ? 'stall' : 'close';
}

/** Whether this input can happen: the peer sends HTTP first and frames later, and a paused endpoint reads nothing. */
export function isPossible(facts: Facts, input: Input): boolean {
  const { awaits, paused } = facts;
  if (input === 'deadline') return deadlineOf(facts) !== undefined;
  if (input === 'full' || input === 'drain') return facts.full === (input === 'drain');
  const at = INPUTS.indexOf(input);
  if (at >= INPUTS.indexOf('EOF')) return true;
  if (paused) return false;
  if (input === 'request' || input === 'bad request') return awaits === 'request';
  if (input === 'response' || input === 'refusal') return awaits === 'response';
  return awaits === undefined;
}

/** What an input leads to. What is sent waits while the transport is full. */
export function step(facts: Facts, input: Input): [next: Facts, output: Output] {
  if (input === 'drain') {
    const sent = facts.waits === undefined ? [] : [facts.waits];
    return [
      { ...facts, full: false, waits: undefined, closeWaits: false },
      { events: [], sent },
    ];
  }
  const [next, output] = react(facts, input);
  if (next.destroyed)
    return [
      { ...next, waits: undefined, closeWaits: false },
      { ...output, sent: [] },
    ];
  if (!next.full) return [next, output];
  const waits = output.sent.at(-1) ?? next.waits;
  const closeWaits = next.closeWaits || (waits?.startsWith('Close') ?? false);
  return [
    { ...next, waits, closeWaits },
    { ...output, sent: [] },
  ];
}

/** What an input leads to where the transport takes all. */
function react(facts: Facts, input: Input): [next: Facts, output: Output] {
  const { role, awaits, closeSent, closeReceived, failed, ended, sending, receiving, paused } = facts;
  const state = stateOf(facts);
  const isOpen = state === 'open';
  const go = (change: Partial<Facts>, events: string[] = [], sent: string[] = []): [Facts, Output] => {
    const next = { ...facts, ...change };
    // Whether messages are in progress is of no interest any more.
    const over = stateOf(next) === 'open' ? {} : { receiving: false, sending: false };
    return [
      { ...next, ...over },
      { events, sent },
    ];
  };
  const refuse = (throws: string): [Facts, Output] => [facts, { events: [], sent: [], throws }];
  const nothing = go({});
  const failOpening = (rule: string, status?: number): [Facts, Output] =>
    go({ failed: 'opening' }, [`fail ${rule}`], role === 'server' && status ? [`HTTP ${status}`] : []);
  // 7.1.7: a Close frame goes before, unless one has gone already (5.5.1).
  const failOpen = (rule: string, code: number): [Facts, Output] =>
    go({ failed: 'open', closeSent: true }, [`fail ${rule}`], closeSent ? [] : [`Close ${code}`]);
  /** Only a connection that is open sends. */
  const send = (change: Partial<Facts>, frame: string): [Facts, Output] =>
    isOpen ? go(change, [], [frame]) : refuse('not-open');

  switch (input) {
    case 'request':
      return state === 'connecting' ? go({ awaits: 'decision' }, ['request']) : nothing;
    case 'bad request':
      return state === 'connecting' ? failOpening('method-not-get', 405) : nothing;
    case 'response':
      return state === 'connecting' ? go({ awaits: undefined }, ['open']) : nothing;
    case 'refusal':
      return state === 'connecting' ? failOpening('status-not-101') : nothing;

    case 'text':
    case 'first fragment':
      if (!isOpen) return nothing;
      if (receiving) return failOpen('message-interleaved', 1002);
      return input === 'text' ? go({}, ['text']) : go({ receiving: true });
    case 'middle fragment':
    case 'last fragment':
      if (!isOpen) return nothing;
      if (!receiving) return failOpen('continuation-without-message', 1002);
      return input === 'last fragment' ? go({ receiving: false }, ['text']) : nothing;
    case 'ping':
      // 5.5.2: it is answered "unless it already received a Close frame"; the application is done with it before.
      if (closeSent && !closeReceived && !failed && !ended) return go({}, [], ['pong']);
      return isOpen ? go({}, ['ping'], ['pong']) : nothing;
    case 'pong':
      return isOpen ? go({}, ['pong']) : nothing;
    case 'Close':
      if (ended || failed || closeReceived) return nothing;
      return go({ closeReceived: true, closeSent: true }, ['close'], closeSent ? [] : ['Close 1000']);
    case 'reserved bit':
      return ended || failed || closeReceived ? nothing : failOpen('reserved-bits', 1002);

    case 'EOF': {
      if (ended) return nothing;
      if (state === 'connecting') {
        return go({ ended: true, failed: 'opening' }, ['fail handshake-interrupted', 'end']);
      }
      return go({ ended: true }, paused ? [] : ['end']);
    }
    case 'deadline': {
      const name = deadlineOf(facts);
      if (name === 'handshake') return failOpening('handshake-timeout', 408);
      if (name === 'message') return failOpen('message-stalled', 1013);
      // The peer is gone and would not read a Close frame.
      if (name === 'stall') {
        return go({ failed: 'open', ended: true, destroyed: true, paused: false }, ['fail stall-timeout', 'end']);
      }
      return go({ ended: true, destroyed: true }, ended ? [] : ['end']);
    }

    case 'full':
      return go({ full: true });
    case 'drain':
      return nothing;

    case 'accept()':
      return state === 'connecting' && awaits === 'decision'
        ? go({ awaits: undefined }, ['open'], ['HTTP 101'])
        : refuse('not-connecting');
    case 'reject()':
      return state === 'connecting' && awaits === 'decision'
        ? failOpening('handshake-rejected', 403)
        : refuse('not-connecting');
    case 'send()':
      return isOpen && sending ? refuse('message-in-progress') : send({}, 'text');
    case 'send first':
      return send({ sending: true }, sending ? 'continuation' : 'text…');
    case 'send last':
      return send({ sending: false }, sending ? 'last continuation' : 'text');
    case 'ping()':
      return send({}, 'ping');
    case 'close()':
      if (state === 'connecting') return failOpening('handshake-abandoned');
      if (isOpen) return go({ closeSent: true, paused: false }, [], ['Close 1000']);
      return go({ paused: false }, paused ? ['end'] : []);
    case 'fail()':
    case 'fail() too slow': {
      const [rule, code] = input === 'fail()' ? ['handler-failed', 1011] : ['reader-too-slow', 1013];
      if (state === 'connecting') {
        return awaits === 'decision' ? failOpening('handshake-failed', 500) : failOpening('handshake-abandoned');
      }
      if (!isOpen) return nothing;
      return go({ failed: 'open', closeSent: true, paused: false }, [`fail ${rule}`], [`Close ${code}`]);
    }
    case 'pause()':
      return go({ paused: paused || isOpen });
    case 'resume()':
      return go({ paused: false }, paused && ended ? ['end'] : []);
  }
}

/** A state that can be reached, and the shortest way there. */
export interface Reached {
  readonly facts: Facts;
  readonly path: readonly Input[];
}

/** All states that can be reached, breadth first: the last one leads to none that is new. */
export function explore(role: Role): Reached[] {
  const found = new Map<string, Reached>();
  const queue: Reached[] = [{ facts: initial(role), path: [] }];
  for (const reached of queue) {
    const key = JSON.stringify(reached.facts);
    if (found.has(key)) continue;
    found.set(key, reached);
    for (const input of INPUTS) {
      if (!isPossible(reached.facts, input)) continue;
      const [facts] = step(reached.facts, input);
      if (!found.has(JSON.stringify(facts))) queue.push({ facts, path: [...reached.path, input] });
    }
  }
  return [...found.values()];
}
