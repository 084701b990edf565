// `--contestant`: files outside of this repository, right and wrong ones.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openedClient, openedServer } from '../src/codec/decoders.ts';
import { checkCodecs } from '../src/own/check.ts';
import { ownDecoder } from '../src/own/codecs.ts';
import { findContestant, withContestants } from '../src/own/contestants.ts';
import type { Message, Own } from '../src/own/own.ts';
import { SUITES } from '../src/suites.ts';
import { failure } from './failure.ts';

const own = suite('contestants of one’s own');

const BENCHMARKS = fileURLToPath(new URL('..', import.meta.url));

let folder = '';
own.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sockless-'));
});
own.after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A right codec, as a file would export it. */
const RIGHT: Own = {
  decoder: (role, deliver) => {
    const opened = role === 'server' ? openedServer() : openedClient();
    opened.on('message', ({ data }) => deliver(data));
    return (chunk) => opened.parse(chunk);
  },
  encoder: (role, write) => {
    const opened = role === 'server' ? openedServer() : openedClient();
    opened.io.on('data', write);
    return (message) => (typeof message === 'string' ? opened.text(message) : opened.binary(Buffer.from(message)));
  },
};

/** Returns a decoder that changes what the right one delivers. */
function decoder(change: (message: Message, deliver: (message: Message) => void) => void): Own {
  return { decoder: (role, deliver) => RIGHT.decoder?.(role, (message) => change(message, deliver)) };
}

/** Returns an encoder that changes what the right one writes. */
function encoder(change: (bytes: Buffer) => Uint8Array): Own {
  return { encoder: (role, write) => RIGHT.encoder?.(role, (bytes) => write(change(Buffer.from(bytes)))) };
}

own('a correct codec passes, even if it delivers later or has only one role', async () => {
  await checkCodecs(RIGHT);
  await checkCodecs(decoder((message, deliver) => setImmediate(() => deliver(message))));
  await checkCodecs({
    decoder: (role, deliver) => (role === 'server' ? RIGHT.decoder?.(role, deliver) : undefined),
    encoder: (role, write) => (role === 'client' ? RIGHT.encoder?.(role, write) : undefined),
  });
});

own('a codec with wrong results is refused, and the error names the first wrong result', async () => {
  const wrong: readonly (readonly [Own, RegExp])[] = [
    [decoder(() => undefined), /decoder\('server'\) gives a wrong result: text, 0 bytes, 1 frame, .* no message/],
    [
      decoder((message, deliver) => {
        deliver(message);
        deliver(message);
      }),
      /2 messages were delivered/,
    ],
    [decoder((message, deliver) => deliver(Buffer.from(message as string))), /bytes of length 0 came/],
    [
      decoder((message, deliver) => deliver(typeof message === 'string' ? message : message.slice(0, 999))),
      /binary, 1000/,
    ],
    [
      { decoder: () => () => assert.unreachable('on purpose') },
      /decoder\('server'\) throws: text, 0 bytes.*on purpose/,
    ],
    [{ decoder: (() => 1) as unknown as NonNullable<Own['decoder']> }, /decoder\('server'\) must return a function/],
    [
      encoder((bytes) => bytes.subarray(0, 1000)),
      /encoder\('server'\) gives a wrong result: text, 1000 bytes: 1000 bytes/,
    ],
    [encoder((bytes) => bytes.fill(0x82, 0, 1)), /text, 0 bytes: 2 bytes for a frame of 2: 82 00/],
    [encoder((bytes) => (bytes.length === 2 ? bytes : bytes.fill(0, bytes.length - 1))), /text, 1 bytes/],
    [{ encoder: () => () => assert.unreachable('on purpose') }, /encoder\('server'\) throws.*on purpose/],
  ];
  for (const [each, message] of wrong) assert.match(await failure(checkCodecs(each)), message);
});

own(
  'a decoder that does not validate UTF-8, and an encoder with one masking key, do less work and are refused',
  async () => {
    const lenient: Own = {
      decoder: (role, deliver) => {
        let first = 0;
        const right = RIGHT.decoder?.(role, deliver);
        return (chunk) => {
          first ||= chunk[1] ?? 0;
          if (chunk.length < 9 && chunk.at(-1) !== undefined && chunk[0] === 0x81 && (first & 0x7f) === 2)
            deliver('\ufffd(');
          else right?.(chunk);
        };
      },
    };
    assert.match(await failure(checkCodecs(lenient)), /not valid UTF-8/);
    const lazy: Own = {
      encoder: (role, write) => (message) => {
        const bytes: Buffer[] = [];
        RIGHT.encoder?.(role, (part) => bytes.push(Buffer.from(part)))?.(message);
        const frame = Buffer.concat(bytes);
        // Without a mask: the key is 0.
        const at = frame.length - Buffer.byteLength(message as string) - 4;
        if (role === 'client') Buffer.concat([Buffer.alloc(4), Buffer.from(message as string)]).copy(frame, at);
        write(frame);
      },
    };
    assert.match(await failure(checkCodecs(lazy)), /the same masking key/);
  },
);

own('a round of a decoder ends when all messages have come, at once or later', async () => {
  for (const late of [false, true]) {
    const tally = { messages: 0, length: 0 };
    const decode = ownDecoder({
      decoder: (_, deliver) => () => (late ? void setImmediate(deliver, 'abc') : deliver('abc')),
    })(true, tally);
    const done = decode?.([Buffer.alloc(1), Buffer.alloc(1)], 2);
    assert.is(done === undefined, !late);
    await done;
    assert.equal(tally, { messages: 2, length: 6 });
  }
  assert.is(ownDecoder({ decoder: () => undefined })(true, { messages: 0, length: 0 }), undefined);
});

own('contestants join the suites for the parts that they export, and a taken name is refused', () => {
  const contestant = (name: string, ...parts: ('decoder' | 'server' | 'connections' | 'broadcast')[]) => ({
    name,
    path: '/mine.ts',
    parts,
  });
  const suitesOf = (name: string, ...parts: Parameters<typeof contestant>[1][]): string[] =>
    withContestants(SUITES, [contestant(name, ...parts)])
      .filter(({ peers }) => peers.some((peer) => peer.name === name && peer.isContestant))
      .map((each) => each.name);
  assert.equal(suitesOf('mine', 'decoder'), ['decode', 'utf8']);
  assert.equal(suitesOf('mine', 'server'), ['echo', 'latency', 'connect']);
  assert.equal(suitesOf('mine', 'connections', 'broadcast'), ['broadcast', 'idle']);
  for (const taken of ['ws', 'sockless', 'sockless, mine', 'bare node:net']) {
    assert.throws(() => suitesOf(taken, 'server'), /needs another name/);
  }
  assert.throws(() => withContestants(SUITES, [contestant('a'), contestant('a')]), /needs another name/);
});

/** The example of BENCHMARKS.md, which also broadcasts. */
const EXAMPLE = String(
  /```ts\n(.*?)```/s.exec(readFileSync(new URL('../../BENCHMARKS.md', import.meta.url), 'utf8'))?.[1],
)
  .replace("'ws'", JSON.stringify(import.meta.resolve('ws')))
  .replace('return {', 'return { broadcast: (message) => wss.clients.forEach((client) => client.send(message)),');
/** The same in JavaScript, and every message comes back as text. */
const WRONG = EXAMPLE.replace(': string', '').replace('{ binary }', '{ binary: false }');

own(
  'outside of this repository, with no "type": "module", the server of BENCHMARKS.md is accepted; a wrong server is refused',
  async () => {
    const [right, refused] = await Promise.all([
      findContestant(file('example.ts', EXAMPLE)),
      failure(findContestant(file('wrong.js', WRONG))),
    ]);
    assert.equal([right.name, right.parts], ['mine', ['server', 'connections', 'broadcast']]);
    assert.match(refused, /wrong\.js .* is refused: server: binary, 0 bytes: .*the echo differs/);
  },
);

own('a file without a usable contestant is refused with the reason', async () => {
  const [none, empty, kind, port] = await Promise.all(
    [
      join(folder, 'none.ts'),
      file('empty.ts', 'export const codec = 1;'),
      file('kind.mjs', 'export const decoder = {};'),
      file('port.cjs', 'exports.server = () => ({ port: "80" });'),
    ].map((path) => failure(findContestant(path))),
  );
  assert.match(String(none), /none\.ts .* is refused: there is no such file\.$/);
  assert.match(String(empty), /it must export decoder, encoder or server, and exports codec/);
  assert.match(String(kind), /"decoder" must be a function, not a object/);
  assert.match(String(port), /must return \{ port \}, a number .*and the port is 80/);
});

own('a decoder in TypeScript outside of this repository is measured in the suite that the command names', () => {
  file(
    'mine.ts',
    `type Deliver = (message: string) => void;
export const decoder = (role: string, deliver: Deliver) => role === 'server' ? undefined : (chunk: Buffer): void => {
  const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
  rest = parse(bytes, deliver);
};
let rest: Buffer | undefined;
${parse.toString()}
`,
  );
  const args = ['--contestant', './mine.ts', '--peer', 'mine', 'utf8', '--case', 'ASCII 16 B', '--quick'];
  const { status, stdout, stderr } = run(...args);
  assert.is(status, 0, stderr);
  assert.match(stdout, /utf8: sockless : mine +median/);
});

own.run();

/** A whole decoder of unmasked frames, whose source a test writes to a file. */
function parse(bytes: Buffer, deliver: (message: string | Buffer) => void): Buffer {
  const state = parse as unknown as { parts?: Buffer[]; opcode?: number };
  for (let at = 0; ; ) {
    const rest = bytes.subarray(at);
    const short = (rest[1] ?? 0) & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < head) return rest;
    const size = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < head + size) return rest;
    state.opcode = (rest[0] ?? 0) & 15 || state.opcode || 0;
    state.parts = [...(state.parts ?? []), rest.subarray(head, head + size)];
    if ((rest[0] ?? 0) & 128) {
      const all = Buffer.concat(state.parts);
      state.parts = [];
      deliver(state.opcode === 1 ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(all) : all);
    }
    at += head + size;
  }
}

function run(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'src/run.ts', ...args], {
    cwd: BENCHMARKS,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: folder },
  });
}
