/** How each library turns chunks into messages, up to the value that an application works with. */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { olderThan } from '../node.ts';
import { NO_WEBASSEMBLY, ours } from '../ours.ts';
import type { Stream } from './inputs.ts';
import { absent, type Driver, loadDriver, loadUndici, loadWebsocket, loadWs, withoutBufferutil } from './peers.ts';
import type { Task } from './task.ts';

/** Counts of what has been decoded. */
export interface Tally {
  messages: number;
  /** UTF-16 code units of text, or bytes of binary. */
  length: number;
}

/** Decodes whole streams of frames, one after the other, on one connection. */
export type Decoder = (chunks: readonly Buffer[], messages: number) => void | Promise<void>;

/** Returns a decoder for a server (masked) or a client that adds to `tally`; `undefined` if the library has none. */
export type DecoderMaker = (masked: boolean, tally: Tally) => Decoder | undefined;

/** A library that decodes. */
export interface DecodingContestant {
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly missing?: string | undefined;
  load(): Promise<DecoderMaker>;
}

/** Ours first. */
export const SOCKLESS: DecodingContestant = { name: 'sockless', load: sockless };

/** As in a host where compiling WebAssembly is forbidden. */
export const SOCKLESS_IN_JAVASCRIPT: DecodingContestant = {
  name: 'sockless, no WebAssembly',
  env: NO_WEBASSEMBLY,
  load: sockless,
};

/** With its own masking in JavaScript. */
export const WS: DecodingContestant = {
  name: 'ws',
  env: { WS_NO_BUFFER_UTIL: '1' },
  missing: absent('ws'),
  load: () => Promise.resolve(ws),
};

/** With masking in C. */
export const WS_BUFFERUTIL: DecodingContestant = {
  name: 'ws + bufferutil',
  missing: absent('ws') ?? withoutBufferutil(),
  load: () => Promise.resolve(ws),
};

export const WEBSOCKET_DRIVER: DecodingContestant = {
  name: 'websocket-driver',
  missing: absent('websocket-driver'),
  load: () => Promise.resolve(driver),
};

export const WEBSOCKET: DecodingContestant = {
  name: 'websocket',
  missing: absent('websocket'),
  load: () => Promise.resolve(websocket),
};

/** Only a client. */
export const UNDICI: DecodingContestant = {
  name: 'undici',
  missing: absent('undici'),
  load: () => Promise.resolve(undici('undici')),
};

/** The same of its next major version. */
export const UNDICI_8: DecodingContestant = {
  name: 'undici 8',
  // Which Node is measured is not known before the command line has been read.
  get missing() {
    return absent('undici-8') ?? olderThan([22, 19]);
  },
  load: () => Promise.resolve(undici('undici-8')),
};

/** The approximate number of bytes prepared for a batch: little enough to be in the caches, like data just read from a socket. */
const POOL = 256 * 1024;
/** The approximate largest number of chunks in a batch. */
const CHUNKS = 4096;

/** Returns the task to decode a stream. Each round gets a fresh copy, because most libraries unmask in place. */
export function decodingTask(
  { chunks, messages, length }: Stream,
  masked: boolean,
  make: DecoderMaker,
): Task | undefined {
  const tally: Tally = { messages: 0, length: 0 };
  const decode = make(masked, tally);
  if (decode === undefined) return undefined;
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const most = Math.max(2, Math.min(Math.floor(POOL / bytes), Math.floor(CHUNKS / chunks.length)));
  // Node allocates separate memory for each chunk of a socket.
  const copies = Array.from({ length: most }, () => chunks.map((chunk) => Buffer.from(new ArrayBuffer(chunk.length))));
  return {
    operations: messages,
    most,
    prepare(rounds) {
      for (const copy of copies.slice(0, rounds)) for (const [at, chunk] of chunks.entries()) copy[at]?.set(chunk);
    },
    run(rounds) {
      tally.messages = 0;
      tally.length = 0;
      return all(rounds, 0);
    },
  };

  /** Continues synchronously as long as the decoder does. */
  function all(rounds: number, from: number): number | Promise<number> {
    for (let round = from; round < rounds; round++) {
      const done = (decode as Decoder)(copies[round] as Buffer[], messages);
      if (done !== undefined) return done.then(() => all(rounds, round + 1));
    }
    // A library that finds other messages has not done the work.
    return tally.length === rounds * length ? tally.messages : Number.NaN;
  }
}

async function sockless(): Promise<DecoderMaker> {
  const { Connection } = await ours('core');
  return (masked, tally) => {
    const connection = Connection.opened(masked ? 'server' : 'client');
    connection.poll();
    return (chunks) => {
      let messages = 0;
      let length = 0;
      for (const chunk of chunks) {
        connection.receive(chunk);
        for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
          if (event.type === 'text') length += event.data.length;
          else if (event.type === 'binary') length += event.data.length;
          else throw new Error(`not a message: ${event.type}`);
          messages++;
        }
      }
      tally.messages += messages;
      tally.length += length;
    };
  };
}

function ws(masked: boolean, tally: Tally): Decoder {
  const { Receiver } = loadWs();
  const receiver = new Receiver({ isServer: masked, maxPayload: 100 * 1024 * 1024 });
  receiver.on('message', (data, isBinary) => {
    tally.messages++;
    tally.length += isBinary ? data.length : data.toString().length;
  });
  return (chunks) => {
    for (const chunk of chunks) receiver.write(chunk);
  };
}

function driver(masked: boolean, tally: Tally): Decoder {
  const opened = masked ? openedServer() : openedClient();
  opened.on('message', ({ data }) => {
    tally.messages++;
    tally.length += data.length;
  });
  opened.on('error', (error) => {
    throw error;
  });
  return (chunks) => {
    for (const chunk of chunks) opened.parse(chunk);
  };
}

/** Returns a server of websocket-driver after its opening handshake. */
export function openedServer(options: { maxLength?: number } = {}): Driver {
  const server = loadDriver().server(options);
  server.on('connect', () => server.start());
  server.parse(
    Buffer.from(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    ),
  );
  return server;
}

/** Returns a client of websocket-driver after its opening handshake. */
export function openedClient(options: { maxLength?: number } = {}): Driver {
  const client = loadDriver().client('ws://a/', options);
  let request = '';
  client.io.on('data', (bytes) => {
    if (request === '') request = bytes.toString();
  });
  client.start();
  client.parse(responseTo(request));
  return client;
}

/** Returns the response to a request (RFC 6455 4.2.2). */
export function responseTo(request: string): Buffer {
  const key = /^sec-websocket-key: *(\S+)/im.exec(request)?.[1];
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** The options of websocket's Connection, with the defaults of its server and client. */
export const WEBSOCKET_CONFIG = {
  assembleFragments: true,
  maxReceivedFrameSize: 0x1000000,
  maxReceivedMessageSize: 0x1000000,
  fragmentOutgoingMessages: true,
  fragmentationThreshold: 0x4000,
  closeTimeout: 5000,
  disableNagleAlgorithm: true,
  keepalive: false,
};

/** The part of a socket that websocket's Connection needs. */
export class FakeSocket extends EventEmitter {
  setNoDelay(): void {
    // There is no network to cork.
  }
  setTimeout(): void {
    // There are no timeouts.
  }
  write(_: Buffer): boolean {
    throw new Error('websocket sent an answer, so it found an error');
  }
}

/** websocket delivers one message per turn of the event loop, so its stream is awaited. */
function websocket(masked: boolean, tally: Tally): Decoder {
  const { connection } = loadWebsocket();
  const receiver = new connection(new FakeSocket(), [], null, !masked, WEBSOCKET_CONFIG);
  let missing = 0;
  let resolve: () => void = () => undefined;
  receiver.on('message', (message) => {
    tally.messages++;
    tally.length += message.type === 'utf8' ? message.utf8Data.length : message.binaryData.length;
    if (--missing === 0) resolve();
  });
  return (chunks, messages) => {
    missing += messages;
    const done = new Promise<void>((call) => {
      resolve = call;
    });
    for (const chunk of chunks) receiver.handleSocketData(chunk);
    return done;
  };
}

function undici(name: 'undici' | 'undici-8'): DecoderMaker {
  return (masked, tally) => {
    if (masked) return undefined;
    const parser = loadUndici(name);
    // The steps of undici's WebSocket before it fires the event.
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const receiver = new parser(
      {
        onMessage(type, data) {
          tally.messages++;
          tally.length += type === 1 ? decoder.decode(data).length : data.length;
        },
      },
      null,
    );
    return (chunks) => {
      for (const chunk of chunks) receiver.write(chunk);
    };
  };
}
