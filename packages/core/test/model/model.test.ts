// The model beside the real connection: every input in every state that can be reached, and long random walks.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROLES } from '../connection/tools.ts';
import { check } from '../properties/check.ts';
import {
  deadlineOf,
  explore,
  type Facts,
  INPUTS,
  type Input,
  initial,
  isPossible,
  stateOf,
  step,
  transportOf,
} from './model.ts';
import { Real } from './real.ts';
import { ARCHITECTURE, withTable } from './table.ts';

const model = suite('model');

/** Gives both the same input, and asserts that they do the same. */
function stepBoth(facts: Facts, real: Real, input: Input, path: readonly Input[]): Facts {
  const [next, output] = step(facts, input);
  const where = `${facts.role}: ${[...path, input].join(', ')}`;
  assert.equal(real.step(input), output, where);
  const { state, transport, paused } = real.connection;
  const expected = [stateOf(next), transportOf(next), deadlineOf(next), next.paused];
  assert.equal([state, transport, real.deadline, paused], expected, where);
  return next;
}

for (const role of ROLES) {
  model(`a ${role} does what the model does, for each input in each reachable state`, () => {
    const reached = explore(role);
    let transitions = 0;
    for (const { path } of reached) {
      for (const input of INPUTS) {
        const real = new Real(role);
        let facts = initial(role);
        for (const [at, before] of path.entries()) facts = stepBoth(facts, real, before, path.slice(0, at));
        if (!isPossible(facts, input)) continue;
        stepBoth(facts, real, input, path);
        transitions++;
      }
    }
    const depth = Math.max(...reached.map(({ path }) => path.length));
    console.log(`${role}: ${reached.length} states, ${transitions} transitions, the last state after ${depth} inputs`);
    assert.ok(reached.length > 20 && transitions > 300);
  });
}

/** One input, as fast-check's model runner has it. */
class Step implements fc.Command<{ facts: Facts; path: Input[] }, Real> {
  readonly #input: Input;

  constructor(input: Input) {
    this.#input = input;
  }

  check = ({ facts }: { facts: Facts }): boolean => isPossible(facts, this.#input);

  run(walk: { facts: Facts; path: Input[] }, real: Real): void {
    walk.facts = stepBoth(walk.facts, real, this.#input, walk.path);
    walk.path.push(this.#input);
  }

  toString = (): string => this.#input;
}

for (const role of ROLES) {
  model(`a ${role} does what the model does in random walks`, () => {
    const walks = fc.commands(
      INPUTS.map((input) => fc.constant(new Step(input))),
      { maxCommands: 60 },
    );
    check(
      1000,
      fc.property(walks, (steps) => {
        fc.modelRun(() => ({ model: { facts: initial(role), path: [] }, real: new Real(role) }), steps);
      }),
    );
  });
}

model('ARCHITECTURE.md has the transitions of the model', () => {
  const text = readFileSync(ARCHITECTURE, 'utf8');
  assert.is(text, withTable(text), 'stale: node packages/tools/run.js model');
});

model.run();
