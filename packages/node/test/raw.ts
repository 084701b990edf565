// Peers that send and record raw bytes, so that tests can break rules and see exactly what was sent.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';
import { type Bench, delay } from './support.ts';

export const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A socket controlled by a test: what it received, and whether it ended. */
export class Wire {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  /** Whether the other side has ended, or the socket is gone. */
  ended = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }

  write(...parts: (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));
  }

  /** Waits for a head, and removes it from the received bytes. */
  async head(): Promise<string> {
    await this.#until(() => this.received.includes('\r\n\r\n'));
    const end = this.received.indexOf('\r\n\r\n') + 4;
    const head = this.received.toString('latin1', 0, end);
    this.received = this.received.subarray(end);
    return head;
  }

  /** Waits for frames, and removes them from the received bytes. */
  async frames(count: number): Promise<Frame[]> {
    const frames: Frame[] = [];
    while (frames.length < count) {
      await this.#until(() => readFrame(this.received) !== undefined);
      const { frame, size } = readFrame(this.received) as { frame: Frame; size: number };
      frames.push(frame);
      this.received = this.received.subarray(size);
    }
    return frames;
  }

  /** Waits until the other side has ended, and returns everything it had sent. */
  async end(): Promise<string> {
    while (!this.ended) await next();
    return this.received.toString('latin1');
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.ended) throw new Error(`ended after ${JSON.stringify(this.received.toString('latin1'))}`);
      await next();
    }
  }
}

const next = (): Promise<void> => delay(1);

/** A frame as it was sent, unmasked. */
export interface Frame {
  readonly first: number;
  readonly payload: Buffer;
}

function readFrame(bytes: Buffer): { frame: Frame; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const extended = [2, 8][(second & 0x7f) - 126] ?? 0;
  const start = 2 + extended + (second & 0x80 ? 4 : 0);
  if (bytes.length < start) return undefined;
  let length = second & 0x7f;
  if (extended === 2) length = bytes.readUInt16BE(2);
  else if (extended === 8) length = Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (second & 0x80)
    for (const [i, byte] of payload.entries()) payload[i] = byte ^ bytes.readUInt8(start - 4 + (i & 3));
  return { frame: { first, payload }, size: start + length };
}

/** Returns a frame to send, from its first byte (FIN, opcode) and its payload; a client's is masked. */
export function frame(role: 'client' | 'server', first: number, payload: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.from(payload as string);
  const head = [first];
  const mask = role === 'client' ? 0x80 : 0;
  if (bytes.length < 126) head.push(mask | bytes.length);
  else if (bytes.length < 65_536) head.push(mask | 126, bytes.length >> 8, bytes.length & 255);
  else head.push(mask | 127, 0, 0, 0, 0, bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length);
  if (mask === 0) return Buffer.concat([Buffer.from(head), bytes]);
  const key = Buffer.of(0x37, 0xfa, 0x21, 0x3d);
  const masked = bytes.map((byte, i) => byte ^ key.readUInt8(i & 3));
  return Buffer.concat([Buffer.from(head), key, masked]);
}

/** Returns the payload of a Close frame. */
export function closing(code: number, reason = ''): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]);
}

/** Returns the request of RFC 6455 1.3, with further header fields. */
export function request(target = '/', headers: readonly string[] = []): string {
  return [
    `GET ${target} HTTP/1.1`,
    'Host: server.example.com',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...headers,
    '',
    '',
  ].join('\r\n');
}

/** Returns the response that accepts a request. */
export function response(head: string, headers: readonly string[] = []): string {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1];
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...headers,
    '',
    '',
  ].join('\r\n');
}

/** Connects to a port or path. */
export async function dial(bench: Bench, where: number | NetConnectOpts): Promise<Wire> {
  const options = typeof where === 'number' ? { port: where, host: '127.0.0.1' } : where;
  const socket = connect({ allowHalfOpen: true, ...options });
  bench.after(() => socket.destroy());
  const wire = new Wire(socket);
  await once(socket, 'connect');
  return wire;
}

/** Connects to a port and opens a WebSocket connection. */
export async function rawClient(bench: Bench, where: number | NetConnectOpts): Promise<Wire> {
  const wire = await dial(bench, where);
  wire.write(request());
  const head = await wire.head();
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(head);
  return wire;
}

/** Listens, and passes every socket to `speak`. */
export async function rawServer(bench: Bench, speak: (wire: Wire) => unknown): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    bench.after(() => socket.destroy());
    speak(new Wire(socket));
  });
  return `ws://127.0.0.1:${await bench.listen(server)}/`;
}

/** Listens, and accepts a WebSocket connection on every socket before `speak` gets it. */
export function openServer(bench: Bench, speak: (wire: Wire, head: string) => unknown = () => {}): Promise<string> {
  return rawServer(bench, async (wire) => {
    const head = await wire.head().catch(() => undefined);
    if (head === undefined) return; // the client gave up
    wire.write(response(head));
    await speak(wire, head);
  });
}
