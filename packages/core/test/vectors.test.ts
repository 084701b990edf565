import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PROTOCOL_RULES } from '../src/rules.ts';
import { WIRE } from './runtimes/wire.ts';
import { VECTORS } from './vectors.ts';

const vectors = suite('vectors');

for (const { name, run } of WIRE) vectors(name, run);

vectors('every rule that bytes can break has a row', () => {
  // Those of RFC 7692 are in deflate/.
  const elsewhere = [
    'invalid-deflate',
    'message-rate',
    'byte-rate',
    'inflated-rate',
    'control-rate',
    'message-stalled',
    'idle-timeout',
    'pong-timeout',
    'stall-timeout',
    // Those of our own side.
    'loan-changed',
    'reader-too-slow',
    'handler-failed',
  ];
  const covered = new Set<string>(VECTORS.map(({ rule }) => rule ?? ''));
  const missing = Object.keys(PROTOCOL_RULES).filter((rule) => !covered.has(rule));
  assert.equal(missing.sort(), elsewhere.sort());
});

vectors('each row has a name of its own', () => {
  const names = WIRE.map(({ name }) => name);
  assert.equal(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

vectors.run();
