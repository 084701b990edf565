// The tap cuts a stream into frames, and drops frames that a slow page cannot take.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeMirroredFrame } from '../src/protocol.ts';
import { FrameCutter, openTap, Tap, type Taps } from '../src/tap.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');

function cut(masked: boolean, ...chunks: Uint8Array[]): string[] {
  const frames: string[] = [];
  const cutter = new FrameCutter(masked, (frame) => frames.push(hex(frame)));
  for (const chunk of chunks) cutter.push(chunk);
  return frames;
}

/** RFC 6455 5.7: "Hello" masked, an empty Ping frame, Close 1000. */
const CLIENT = ['818537fa213d7f9f4d5158', '898000000000', '8882010203040 2ea'.replace(' ', '')];
const SERVER = ['810548656c6c6f', '010348656c', '80026c6f', '8900', `827e0100${'ab'.repeat(256)}`];

test('finds the frames of a stream in one chunk, byte by byte, and in any two parts', () => {
  for (const [masked, frames] of [
    [true, CLIENT],
    [false, SERVER],
  ] as const) {
    const stream = bytes(frames.join(''));
    assert.equal(cut(masked, stream), frames);
    assert.equal(cut(masked, ...Array.from(stream, (byte) => Uint8Array.of(byte))), frames);
    for (let at = 0; at < stream.length; at++) {
      assert.equal(cut(masked, stream.subarray(0, at), stream.subarray(at)), frames);
    }
  }
});

test('neither writes to its chunks nor keeps them', () => {
  const stream = bytes(CLIENT.join(''));
  const frames: Uint8Array[] = [];
  new FrameCutter(true, (frame) => frames.push(frame)).push(stream);
  assert.is(hex(stream), CLIENT.join(''));
  stream.fill(0);
  assert.equal(frames.map(hex), CLIENT);
});

test('emits a frame with a long payload once its first 4 KiB have arrived, and finds the frame behind it', () => {
  const start = bytes('827f0000000000010000');
  const frames = cut(false, start, new Uint8Array(4096), new Uint8Array(65_536 - 4096), bytes('8900'));
  assert.equal(frames, [hex(start) + '00'.repeat(4096), '8900']);
  assert.is(cut(false, start, new Uint8Array(4095)).length, 0);
  assert.is(cut(false, start, new Uint8Array(4096)).length, 1);
});

test('keeps up to 64 KiB of a compressed payload, also in continuation frames', () => {
  const [first, second] = [bytes('417e2000'), bytes('807e2000')];
  const payload = new Uint8Array(0x2000);
  assert.equal(
    cut(false, first, payload, second, payload, bytes('01 7e2000'), payload).map(({ length }) => length / 2),
    [4 + 0x2000, 4 + 0x2000, 4 + 4096],
  );
  const long = bytes('c17f0000000000020000');
  assert.is(cut(false, long, new Uint8Array(0x20000))[0]?.length, 2 * (10 + 65_536));
});

test('stops at an illegal header', () => {
  assert.equal(cut(true, bytes('8105 48656c6c6f 8900')), ['8105']);
  assert.equal(cut(false, bytes('8900 f1')), ['8900', 'f1']);
});

function connection(queuedBytes: number) {
  const sent: (string | Uint8Array)[] = [];
  return {
    sent,
    state: 'open' as const,
    queuedBytes,
    send(data: unknown, options?: { compress?: boolean | undefined }) {
      assert.is(options?.compress, false, 'a tap compresses nothing');
      sent.push(data as string | Uint8Array);
      return true;
    },
    close: () => undefined,
  };
}

test('drops frames while the page is too slow, and reports how many', () => {
  const ws = connection(1_000_000);
  const tap = new Tap(ws);
  for (let n = 0; n < 3; n++) tap.frame('up', bytes('8900'));
  assert.equal(ws.sent, []);
  ws.queuedBytes = 0;
  tap.frame('down', bytes('8a00'));
  assert.is(ws.sent.length, 2);
  assert.is(ws.sent[0], '{"type":"dropped","frames":3}');
  const frame = decodeMirroredFrame((ws.sent[1] as Uint8Array).buffer as ArrayBuffer);
  assert.is(frame.direction, 'down');
  assert.is(hex(frame.bytes), '8a00');
});

test('each tap has a token of its own, of 128 bits', () => {
  const taps: Taps = new Map();
  const tokens = Array.from({ length: 100 }, () => openTap(taps, connection(0)));
  assert.is(new Set(tokens).size, 100);
  for (const token of tokens) assert.match(token, /^[\w-]{22}$/);
  assert.equal([...taps.keys()], tokens);
});

test.run();
