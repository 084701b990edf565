/** sockless and the peers in JavaScript, each driven as its own sockets drive it. */
import { openedClient, openedServer } from '../../benchmarks/src/codec/decoders.ts';
import { loadUndici, loadWs, wsStatusCode } from '../../benchmarks/src/codec/peers.ts';
import { Connection, type Role } from '../../packages/core/src/index.ts';
import { decodeFrames } from '../../packages/core/test/reference.ts';
import { drain, summarize, toHex } from '../../packages/core/test/support.ts';
import { type Implementation, Session } from './outcome.ts';

const BOTH: readonly Role[] = ['client', 'server'];

/** sockless. */
export const sockless: Implementation = {
  name: 'sockless',
  roles: BOTH,
  receive(role, chunks, limit) {
    const session = new Session();
    const connection = Connection.opened(role, {}, { heartbeat: false, maxMessageSize: limit });
    connection.poll();
    return session.play(role, chunks, (chunk) => {
      for (const event of connection.receive(chunk)) {
        if (event.type === 'fail') session.fail(closeCode(drain(connection)), event.error.rule);
        else session.on(...summarize(event));
      }
    });
  },
  send(role, messages) {
    const connection = Connection.opened(role, {}, { heartbeat: false, fragmentSize: 100 });
    for (const message of messages) connection.send(message);
    return Promise.resolve(drain(connection));
  },
};

/** ws: its Receiver and its Sender. */
export const ws: Implementation = {
  name: 'ws',
  roles: BOTH,
  receive(role, chunks, limit) {
    const session = new Session();
    const receiver = new (loadWs().Receiver)({ isServer: role === 'server', maxPayload: limit });
    receiver.on('message', (data, isBinary) => {
      if (isBinary) session.on('binary', toHex(data));
      else session.on('text', data.toString());
    });
    receiver.on('ping', (data) => session.on('ping', toHex(data)));
    receiver.on('pong', (data) => session.on('pong', toHex(data)));
    receiver.on('conclude', (code, reason) => session.on('close', code, reason.toString()));
    receiver.on('error', (error) => session.fail(wsStatusCode(error), error.message));
    return session.play(role, chunks, (chunk) => receiver.write(chunk));
  },
  send(role, messages) {
    const parts: Uint8Array[] = [];
    const socket = {
      cork: nothing,
      uncork: nothing,
      write: (bytes: Buffer | string) => parts.push(Buffer.from(bytes)),
    };
    const sender = new (loadWs().Sender)(socket);
    for (const message of messages) {
      sender.send(typeof message === 'string' ? message : Buffer.from(message), {
        binary: typeof message !== 'string',
        fin: true,
        mask: role === 'client',
        compress: false,
      });
    }
    return Promise.resolve(Buffer.concat(parts));
  },
};

/** websocket-driver: a connection after its opening handshake. */
export const websocketDriver: Implementation = {
  name: 'websocket-driver',
  roles: BOTH,
  receive(role, chunks, limit) {
    const session = new Session();
    const driver = role === 'server' ? openedServer({ maxLength: limit }) : openedClient({ maxLength: limit });
    const sent: Uint8Array[] = [];
    driver.io.on('data', (bytes) => sent.push(Uint8Array.from(bytes)));
    driver.on('message', ({ data }) => {
      if (typeof data === 'string') session.on('text', data);
      else session.on('binary', toHex(data));
    });
    // It reports the payload as a string, but its answer contains all bytes.
    driver.on('ping', () =>
      session.on('ping', toHex(decodeFrames(sent.at(-1) ?? NOTHING).frames[0]?.payload ?? NOTHING)),
    );
    driver.on('pong', ({ data }) => session.on('pong', asText(Buffer.from(data))));
    driver.on('error', (error) => session.fail(closeCode(sent.at(-1) ?? NOTHING), error.message));
    driver.on('close', ({ code, reason }) => session.on('close', code, reason));
    return session.play(role, chunks, (chunk) => driver.parse(chunk));
  },
  sees: (event) =>
    event[0] === 'pong' ? ['pong', asText(Buffer.from(String(event[1]).replaceAll(' ', ''), 'hex'))] : event,
  send(role, messages) {
    const parts: Uint8Array[] = [];
    const driver = role === 'server' ? openedServer() : openedClient();
    driver.io.on('data', (bytes) => parts.push(Uint8Array.from(bytes)));
    for (const message of messages) {
      if (typeof message === 'string') driver.text(message);
      else driver.binary(Buffer.from(message));
    }
    return Promise.resolve(Buffer.concat(parts));
  },
};

/** undici: the parser of its WebSocket, which is a client. */
export const undici: Implementation = {
  name: 'undici',
  roles: ['client'],
  receive(role, chunks, limit) {
    const session = new Session();
    // Decodes as its WebSocket does for an event.
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let sent: Uint8Array = NOTHING;
    const ByteParser = loadUndici();
    const parser = new ByteParser(
      {
        readyState: 1,
        closeState: new Set(),
        socket: {
          destroyed: false,
          writableNeedDrain: false,
          destroy: nothing,
          write(bytes: Uint8Array) {
            sent = bytes;
          },
        },
        controller: { abort: () => session.fail(closeCode(sent), 'failed') },
        onMessage(type, data) {
          if (type === 2) return session.on('binary', toHex(data));
          try {
            session.on('text', decoder.decode(data));
          } catch {
            session.fail(1007, 'Received invalid UTF-8 in text frame.');
          }
        },
        onPing: (data: Buffer) => session.on('ping', toHex(data)),
        onPong: (data: Buffer) => session.on('pong', toHex(data)),
        onSocketClose: nothing,
      },
      null,
      { maxPayloadSize: limit },
    );
    return session.play(role, chunks, (chunk) => {
      parser.write(chunk);
      const { closingInfo } = parser;
      if (closingInfo && !closingInfo.error) session.on('close', closingInfo.code ?? 1005, closingInfo.reason);
    });
  },
};

const NOTHING = new Uint8Array(0);

const nothing = (): void => undefined;

/** Returns the bytes as a string that is equal whenever decoding loses the same information. */
const asText = (bytes: Buffer): string => `"${bytes}"`;

/** Returns the code of the Close frame among the frames sent. */
function closeCode(sent: Uint8Array): number {
  const close = decodeFrames(sent).frames.find(({ opcode }) => opcode === 8);
  if (close === undefined) throw new Error('the connection was failed without a Close frame');
  return Buffer.from(close.payload).readUInt16BE(0);
}
