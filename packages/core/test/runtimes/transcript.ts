/**
 * One digest of much that core does: the same options, bytes, times and random source must give the same events and the
 * same bytes in every engine (law 11), so every engine must come to the same digest.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { ConnectionEvent } from '../../src/index.ts';
import { cutRandomly, type End, Pair } from '../pair.ts';
import { ascii, hex, join, play, toHex, ZEROS } from '../support.ts';
import { VECTORS } from '../vectors.ts';

/** Rows of the table with more digits are left out, because they are only long. */
const LONG = 10_000;

/** How many conversations are held. */
const SEEDS = 16;

/** All that was told, as text, and written. */
export function* transcript(): Generator<string | Uint8Array> {
  for (const { name, role, hex: digits, options } of VECTORS) {
    if (digits.length > LONG) continue;
    const { events, end, sent } = play(role, [hex(digits)], { random: ZEROS, ...options });
    yield JSON.stringify([name, events, end]);
    yield sent;
  }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const pair = converse(seed);
    for (const end of [pair.client, pair.server]) {
      yield JSON.stringify([seed, end.role, end.events.map(facts)]);
      yield join(end.out.written);
    }
  }
}

/** Returns the SHA-256 of all that, each part with its length before it, in hexadecimal digits. */
export function digest(parts: Iterable<string | Uint8Array>): string {
  const hash = sha256.create();
  for (const part of parts) {
    // As ASCII, so that nothing of a host, or of core, encodes it.
    const bytes = typeof part === 'string' ? ascii(encodeURIComponent(part)) : part;
    hash.update(ascii(`${bytes.length} `)).update(bytes);
  }
  return toHex(hash.digest()).replaceAll(' ', '');
}

/** What an event says, bytes as digits and errors as what they name. */
function facts(event: ConnectionEvent): unknown {
  return JSON.stringify(event, (_, value: unknown) => {
    if (value instanceof Uint8Array) return toHex(value);
    if (value instanceof Error) return [value.name, value.message, { ...value }];
    return value;
  });
}

/** Two ends that say things by chance over a slow wire that cuts them, until one closes or breaks a rule. */
function converse(seed: number): Pair {
  const heartbeat = { interval: 400, timeout: 300 };
  const pair = new Pair({
    seed,
    client: { heartbeat, subprotocols: ['a', 'b'], fragmentSize: seed % 3 === 0 ? 700 : undefined },
    server: { heartbeat, subprotocols: ['b'], messages: seed % 4 === 0 ? 'fragments' : 'whole' },
  });
  const { random } = pair;
  pair.latency = () => Math.floor(random() * 30);
  pair.cut = cutRandomly(1 + Math.floor(random() * 2000));
  pair.run(200);
  for (let turn = 0; turn < 20; turn++) {
    speak(random() < 0.5 ? pair.client : pair.server, random);
    pair.run(pair.now + Math.floor(random() * 100));
  }
  if (seed % 5 === 0) pair.inject('server', hex('81 85 00 00 00 00 48 65 6c ff ff'));
  else if (seed % 7 === 0) pair.reset();
  else pair.client.connection.close(1000, `farewell ${seed} 🐯`);
  return pair.run(pair.now + 60_000);
}

const WORDS = ['a', 'Hello', 'é', '漢字かな', '👩‍🚀', '\ufeff', '\u0000', '\ud800'];

function speak({ connection }: End, random: () => number): void {
  if (connection.state !== 'open') return;
  const length = Math.floor(random() ** 6 * 2000);
  const words = Array.from({ length }, () => WORDS[Math.floor(random() * WORDS.length)]).join('');
  const kind = Math.floor(random() * 5);
  if (kind === 0) connection.ping(words.slice(0, 20));
  else if (kind === 1) connection.send(Uint8Array.from({ length: 7 * length }, () => random() * 256));
  else if (kind === 2) {
    connection.sendFragment(words, false);
    connection.sendFragment(words, true);
  } else connection.send(words);
}
