/** All suites, in the order in which they run: without a network first. */
import type { Suite } from './suite.ts';
import { suite as broadcast } from './suites/broadcast.ts';
import { suite as connect } from './suites/connect.ts';
import { suite as decode } from './suites/decode.ts';
import { suite as deflate } from './suites/deflate.ts';
import { suite as echo } from './suites/echo.ts';
import { suite as encode } from './suites/encode.ts';
import { suite as handshake } from './suites/handshake.ts';
import { suite as heartbeat } from './suites/heartbeat.ts';
import { suite as idle } from './suites/idle.ts';
import { suite as latency } from './suites/latency.ts';
import { suite as mask } from './suites/mask.ts';
import { suite as utf8 } from './suites/utf8.ts';

/** The suites of `npm run bench`. growth is not among them, since it compares sizes and not subjects; it runs last. */
export const SUITES: readonly Suite[] = [
  decode,
  encode,
  mask,
  utf8,
  handshake,
  deflate,
  echo,
  latency,
  broadcast,
  connect,
  idle,
  heartbeat,
];
