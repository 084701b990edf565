/** The part of uvu that tests of other packages use, built on `Deno.test`, whose sanitizers then watch those tests. */
import { LEFT_OUT, NODE_ALONE } from './node-alone.ts';

type Body = (context: never) => unknown;

/** A suite like uvu's. Its tests receive the context that their `suite` makes. */
// biome-ignore lint/correctness/noUnusedVariables: as uvu has it
export interface Test<Context = Record<string, unknown>> {
  (title: string, body: Body): void;
  skip(title: string, body: Body): void;
  before(call: Body): void;
  after(call: Body): void;
  run(): void;
}

export function suite(name: string): Test {
  const register = (title: string, body: Body, ignore: boolean): void =>
    Deno.test({ name: `${name}: ${title}`, ignore, fn: async () => void (await body({} as never)) });
  const test = (title: string, body: Body): void => {
    const [, reason] = NODE_ALONE.find(([part]) => `${name}: ${title}`.includes(part)) ?? [];
    if (reason === undefined) register(title, body, false);
    else register(`${title}${LEFT_OUT}${reason}`, body, true);
  };
  return Object.assign(test, {
    skip: (title: string, body: Body) => register(title, body, true),
    before: (call: Body) => Deno.test.beforeAll(async () => void (await call({} as never))),
    after: (call: Body) => Deno.test.afterAll(async () => void (await call({} as never))),
    // Deno runs tests when they are registered.
    run() {},
  });
}
