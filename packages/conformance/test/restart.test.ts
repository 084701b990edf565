/** A program under test that crashes: the finding belongs to the case that ended it, and to no case that was played beside it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseCases, type Result } from '../src/index.ts';
import { type Program, playClient, playServer } from './ours/play.ts';

const test = suite('restart');

const ROLES = ['server', 'client'] as const;
/** Ends its process when a Ping frame has two bytes, as one of these cases does. */
const program: Program = { runtime: 'node', file: new URL('fragile.ts', import.meta.url).href };
const CHOSEN = ROLES.flatMap((role) => [
  `${role}/control/ping-1`,
  `${role}/control/ping-2`,
  `${role}/control/ping-4`,
]).concat(['control/ping-cut-', 'control/ping-e', 'handshake/key-', 'handshake/accept-e', 'handshake/plain']);

function isRight(results: readonly Result[], role: 'server' | 'client'): void {
  assert.equal(
    results.map((result) => result.case.id),
    chooseCases(role, { filter: CHOSEN }).map(({ id }) => id),
  );
  const failed = results.filter(({ verdict }) => verdict === 'fail');
  assert.equal(
    failed.map((result) => result.case.id),
    [`${role}/control/ping-2`],
  );
  assert.equal(
    failed[0]?.findings.map(({ severity, text }) => [severity, text]),
    [['must', 'its process ends: Error: two bytes']],
  );
}

test('a server that crashes is started again, and the cases played at the same time are played again', async () => {
  isRight(await playServer(program, { filter: CHOSEN, parallel: 8 }), 'server');
});

test('a client that crashes is started again at the first case without a result', async () => {
  isRight(await playClient(program, { filter: CHOSEN, parallel: 8 }), 'client');
});

test('a client that plays nothing is an error', async () => {
  const absent: Program = { runtime: 'node', file: 'no-such-program.ts' };
  try {
    await playClient(absent, { filter: CHOSEN });
    assert.unreachable('it played');
  } catch (error) {
    assert.match(String(error), /no-such-program\.ts plays nothing: .*Cannot find module/);
  }
});

test('a whole id chooses one case, a part of an id every case that contains it', () => {
  const ids = (filter: string): string[] => chooseCases('server', { filter: [filter] }).map(({ id }) => id);
  assert.equal(ids('server/control/ping-1'), ['server/control/ping-1']);
  assert.ok(ids('control/ping-1').length > 1);
});

test.run();
