/** The real connection, given the inputs of the model, in the model's words. */
import { Connection, type ConnectionEvent, type ConnectionOptions, type Role, StateError } from '../../src/index.ts';
import { closeFrame, frame } from '../connection/tools.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { decodeFrames } from '../reference.ts';
import { ascii, drain, ZEROS } from '../support.ts';
import type { Input, Output } from './model.ts';

/** Each of its own length, so that it is seen which one runs. */
const TIMES = { handshake: 3, close: 5, message: 7, stall: 11 } as const;

const OPTIONS: ConnectionOptions = {
  ...{ heartbeat: false, random: ZEROS, idleTimeout: Infinity, messageProgress: { bytes: 100, within: TIMES.message } },
  ...{ handshakeTimeout: TIMES.handshake, closeTimeout: TIMES.close, stallTimeout: TIMES.stall },
};

/** A connection and its clock. */
export class Real {
  readonly connection: Connection;
  readonly #role: Role;
  #now = 0;
  #full = false;

  constructor(role: Role) {
    this.#role = role;
    this.connection = role === 'server' ? Connection.server(OPTIONS) : Connection.client('ws://example.com/', OPTIONS);
    this.#drain();
  }

  /** Gives the connection an input, then drains events and, unless the transport is full, bytes. */
  step(input: Input): Output {
    const { connection } = this;
    this.#full = input === 'full' || (this.#full && input !== 'drain');
    let throws: string | undefined;
    try {
      this.#do(input);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      throws = error.rule;
    }
    const events = Array.from(connection, nameEvent);
    const all = this.#drain();
    const sent = input === 'drain' ? all.slice(-1) : all;
    return throws === undefined ? { events, sent } : { events, sent, throws };
  }

  /** Which deadline runs. */
  get deadline(): string | undefined {
    const { deadline } = this.connection;
    if (deadline === Infinity) return undefined;
    const left = deadline - this.#now;
    return Object.entries(TIMES).find(([, time]) => time === left)?.[0] ?? `in ${left} ms`;
  }

  /** Takes what there is, all of which has left then, and names it. */
  #drain(): string[] {
    const { connection } = this;
    const sent = this.#full ? [] : nameSent(drain({ transmit: () => connection.transmit(this.#now) }));
    connection.written(this.#full ? 0 : undefined, this.#now);
    return sent;
  }

  #do(input: Input): void {
    const { connection } = this;
    const receive = (bytes: Uint8Array): unknown => connection.receive(bytes.slice(), this.#now);
    const receiveFrame = (opcode: number, final = true): unknown => receive(frame(this.#role, opcode, 'x', final));
    const actions: Record<Input, () => unknown> = {
      request: () => receive(ascii(requestHead())),
      'bad request': () => receive(ascii(requestHead({}, 'POST / HTTP/1.1'))),
      response: () => receive(ascii(responseHead())),
      refusal: () => receive(ascii('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')),
      text: () => receiveFrame(1),
      'first fragment': () => receiveFrame(1, false),
      'middle fragment': () => receiveFrame(0, false),
      'last fragment': () => receiveFrame(0),
      ping: () => receiveFrame(9),
      pong: () => receiveFrame(10),
      Close: () => receive(closeFrame(this.#role, 1000)),
      'reserved bit': () => receive(Uint8Array.of(0xc1)),
      EOF: () => connection.receiveEnd(this.#now),
      deadline: () => {
        this.#now = connection.deadline;
        connection.timeout(this.#now);
      },
      full: () => undefined,
      drain: () => undefined,
      'accept()': () => connection.accept(),
      'reject()': () => connection.reject(403),
      'send()': () => connection.send('x'),
      'send first': () => connection.sendFragment('x', false),
      'send last': () => connection.sendFragment('x', true),
      'ping()': () => connection.ping('x'),
      'close()': () => connection.close(1000, '', this.#now),
      'fail()': () => connection.fail('handler-failed', 'x', this.#now),
      'fail() too slow': () => connection.fail('reader-too-slow', 'x', this.#now),
      'pause()': () => connection.pause(),
      'resume()': () => connection.resume(this.#now),
    };
    actions[input]();
  }
}

function nameEvent(event: ConnectionEvent): string {
  return event.type === 'fail' ? `fail ${event.error.rule}` : event.type;
}

const NAMES: Record<number, string> = { 9: 'ping', 10: 'pong' };

function nameSent(bytes: Uint8Array): string[] {
  const [head = '', status] = /^HTTP\/1\.1 (\d+).*?\r\n\r\n/s.exec(String.fromCharCode(...bytes)) ?? [];
  if (status !== undefined)
    return [`HTTP ${status}`, ...(status === '101' ? nameSent(bytes.subarray(head.length)) : [])];
  return decodeFrames(bytes).frames.map(({ fin, opcode, payload }) => {
    if (opcode === 8) return `Close ${new DataView(payload.buffer).getUint16(0)}`;
    if (opcode === 0) return fin ? 'last continuation' : 'continuation';
    return NAMES[opcode] ?? (fin ? 'text' : 'text…');
  });
}
