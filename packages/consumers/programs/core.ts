// The program of a user of core, with the strictest compiler settings and only ECMAScript's types.
import {
  type BytesLike,
  Connection,
  type ConnectionEvent,
  HandshakeError,
  ProtocolError,
  type RandomSource,
  type ServerOptions,
  StateError,
} from '@sockless/core';
import { type DeflateEngine, type Deflater, type Inflater, permessageDeflate } from '@sockless/core/deflate';
import { applyMask, FrameReader, Opcode } from '@sockless/core/frame';
import { HeadReader, parseRequestHead, type RequestHead, respond } from '@sockless/core/handshake';

const random: RandomSource = (bytes) => bytes.fill(1);
const options: ServerOptions = { random, maxMessageSize: 1024, origins: ['https://example.com'] };

export function drive(connection: Connection, chunk: Uint8Array, write: (bytes: Uint8Array) => void): string[] {
  const texts: string[] = [];
  for (const event of connection.receive(chunk, 0)) {
    if (event.type === 'request') connection.accept({ headers: { server: 'example' } });
    else if (event.type === 'text') texts.push(event.data);
    else if (event.type === 'binary') connection.send(event.data, { lend: true });
    else if (event.type === 'fail') texts.push(errorName(event.error));
    else if (event.type === 'end') texts.push(event.explanation.summary);
  }
  const next: IteratorResult<ConnectionEvent, undefined> = connection.next();
  const polled: ConnectionEvent | undefined = next.done === true ? next.value : connection.poll();
  for (let bytes = connection.transmit(0); bytes !== undefined; bytes = connection.transmit(0)) write(bytes);
  return polled === undefined ? texts : [...texts, polled.type];
}

function errorName(error: ProtocolError | HandshakeError): string {
  return error instanceof ProtocolError ? error.rule : error.rule;
}

export class Engine implements DeflateEngine {
  createDeflater(): Deflater {
    throw new StateError('not-open', 'example');
  }
  createInflater(): Inflater {
    throw new HandshakeError('status-not-101', 'example');
  }
}

export const server: Connection = Connection.server({ ...options, compression: permessageDeflate(new Engine()) });
export const opcodes: number[] = [Opcode.Text, Opcode.Binary];
export const reader: FrameReader = new FrameReader({ masked: true, rsv: 0, maxFrameSize: 65_536 });
export const mask: typeof applyMask = applyMask;
export const heads: { reader: HeadReader; parse: (text: string) => RequestHead; respond: typeof respond } = {
  reader: new HeadReader('request', 16_384),
  parse: parseRequestHead,
  respond,
};
export const bytes: BytesLike = new Uint8Array(1);
