// The tests of a simulation, the same for both adapters.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../../core/test/budget.ts';
import { type Outcome, type Subject, simulate } from './index.ts';

const MANY = budget(150, 3000);
const PART = 50;

/** Registers and runs them. */
export function testSimulation(subject: Subject, happenings: readonly string[]): void {
  const test = suite(`simulation ${subject.name}`);
  const happened = new Set<string>();

  for (let first = 1; first <= MANY; first += PART) {
    test(`the rules hold whatever applications, peers and networks do, seeds ${first} to ${first + PART - 1}`, async () => {
      let messages = 0;
      for (let seed = first; seed < first + PART; seed++) {
        const outcome = await simulate(subject, seed);
        expectNone(outcome);
        messages += outcome.messages;
        for (const kind of outcome.injected.keys()) happened.add(kind);
      }
      assert.ok(messages > PART, `${messages} messages`);
    });
  }

  test('every possible event has happened', () => {
    assert.equal(
      happenings.filter((kind) => !happened.has(kind)),
      [],
    );
  });

  test('a seed repeats its schedule', async () => {
    const [one, two] = [await simulate(subject, 7), await simulate(subject, 7)];
    assert.ok(one.trace.length > 10);
    assert.equal(one.trace, two.trace);
  });

  test('faults of a broken adapter are found', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      for (const { kind } of (await simulate(broken(subject), seed)).faults) kinds.add(kind);
    }
    for (const kind of ['ends', 'order', 'never told: drained']) assert.ok(kinds.has(kind), `${kind}: ${[...kinds]}`);
  });

  test.run();
}

/** An adapter that reports no end, whose `drained` never resolves, and that sends each message twice. */
function broken(subject: Subject): Subject {
  return {
    ...subject,
    ways: ['opened'],
    attach(it, connection, { end: _, ...handlers }, options) {
      const ws = subject.attach(it, connection, handlers, options);
      const send = ws.send.bind(ws);
      ws.send = (data) => send(data) && send(data);
      Object.defineProperty(ws, 'drained', { get: () => new Promise(() => undefined) });
      return ws;
    },
  };
}

function expectNone({ seed, faults, trace }: Outcome): void {
  if (faults.length === 0) return;
  throw new Error([`seed ${seed}`, ...trace].join('\n'));
}
