// The whole adapter on simulated connections, under Node; `npm run fuzz -- --simulate-adapter deno --simulate 20000` runs more schedules.
import { deno } from '../../adapter/test/simulation/deno.ts';
import { testSimulation } from '../../adapter/test/simulation/suite.ts';

const BEFORE = ['FIN', 'RST', 'destroy', 'end', 'bytes'];

testSimulation(deno, [
  ...BEFORE.map((kind) => `before: ${kind}`),
  ...['at once', 'later', 'never', 'throws', 'rejects', 'at first'].map((kind) => `a transport ${kind}`),
  ...['the peer stops reading', 'the peer reads again', 'nothing arrives for a while', 'what was held arrives'],
  ...['the cable is cut', 'little is taken', 'much is taken', 'a few bytes at a time', 'FIN', 'RST'],
  ...['the peer closes its socket', 'the peer says goodbye', 'the peer breaks a rule', 'the peer hangs', 'TLS'],
]);
