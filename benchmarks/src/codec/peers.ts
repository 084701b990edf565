/** The codecs of the peers. Some of these classes are not public exports. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** The class of ws that reads a socket. */
export interface WsReceiver {
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  on(event: 'ping' | 'pong', listener: (data: Buffer) => void): void;
  on(event: 'conclude', listener: (code: number, reason: Buffer) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  write(chunk: Buffer): boolean;
}

/** The class of ws that writes to a socket. */
export interface WsSender {
  send(data: string | Buffer, options: { binary: boolean; fin: boolean; mask: boolean; compress: boolean }): void;
}

/** permessage-deflate of ws, one message at a time. */
export interface WsDeflate {
  accept(offers: object[]): unknown;
  compress(data: Buffer, fin: boolean, done: (error: Error | null, data: Buffer) => void): void;
  decompress(data: Uint8Array, fin: boolean, done: (error: Error | null, data: Buffer) => void): void;
  cleanup(): void;
}

interface Ws {
  readonly Receiver: new (options: { isServer: boolean; maxPayload: number }) => WsReceiver;
  readonly Sender: new (socket: object) => WsSender;
  readonly PerMessageDeflate: new (options: object) => WsDeflate;
  readonly WebSocket: new (
    url: string,
    options: { createConnection(): object },
  ) => {
    on(event: 'open', listener: () => void): void;
    on(event: 'error', listener: (error: Error) => void): void;
    terminate(): void;
  };
  readonly WebSocketServer: new (options: {
    noServer: true;
  }) => {
    handleUpgrade(request: object, socket: object, head: object, opened: (ws: { terminate(): void }) => void): void;
  };
}

/** A connection of websocket-driver, from its first byte on. */
export interface Driver {
  readonly io: { on(event: 'data', listener: (bytes: Buffer) => void): void };
  on(event: 'message', listener: (event: { data: string | Buffer }) => void): void;
  on(event: 'ping' | 'pong', listener: (event: { data: string }) => void): void;
  on(event: 'close', listener: (event: { code: number; reason: string }) => void): void;
  on(event: 'connect' | 'open', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  start(): boolean;
  parse(bytes: Buffer): void;
  text(data: string): boolean;
  binary(data: Buffer): boolean;
}

/** A connection of websocket over an open socket. */
export interface WebsocketConnection {
  on(
    event: 'message',
    listener: (message: { type: 'utf8'; utf8Data: string } | { type: 'binary'; binaryData: Buffer }) => void,
  ): void;
  handleSocketData(chunk: Buffer): void;
  sendUTF(data: string): void;
  sendBytes(data: Buffer): void;
}

interface Websocket {
  readonly connection: new (
    socket: object,
    extensions: readonly unknown[],
    protocol: string | null,
    maskOutgoing: boolean,
    config: object,
  ) => WebsocketConnection;
}

/** The parser with which undici's client reads a socket. */
export interface ByteParser {
  readonly closingInfo: { readonly code?: number; readonly reason: string; readonly error: boolean } | undefined;
  write(chunk: Buffer): boolean;
}

/** The part of undici's WebSocket that its parser needs for messages; the rest is for other frames. */
export interface ByteParserHandler {
  onMessage(type: number, data: Buffer): void;
  readonly [more: string]: unknown;
}

/** The internals of ws, with or without bufferutil, as the environment says. */
export const loadWs = (): Ws => require('ws') as Ws;

/** The property of an error in which ws stores the close code. */
export function wsStatusCode(error: Error): number {
  const { kStatusCode } = require(inside('ws', 'lib/constants.js')) as { kStatusCode: symbol };
  return (error as unknown as Record<symbol, number>)[kStatusCode] ?? Number.NaN;
}

/** The masking functions of ws. */
export const loadWsMask = (): { unmask(bytes: Buffer, key: Buffer): void } =>
  require(inside('ws', 'lib/buffer-util.js')) as { unmask(bytes: Buffer, key: Buffer): void };

/** Masking in C. */
export const loadBufferutil = (): { unmask(bytes: Buffer, key: Buffer): void } =>
  require('bufferutil') as { unmask(bytes: Buffer, key: Buffer): void };

/** Returns a server or a client of websocket-driver. */
export const loadDriver = (): { server(options?: object): Driver; client(url: string, options?: object): Driver } =>
  require('websocket-driver') as { server(options?: object): Driver; client(url: string, options?: object): Driver };

/** The exports of websocket. */
export const loadWebsocket = (): Websocket => require('websocket') as Websocket;

/** The parser of undici, which passes whole messages to its handler. `undici-8` needs a newer Node than 20. */
export const loadUndici = (
  name: 'undici' | 'undici-8' = 'undici',
): (new (
  handler: ByteParserHandler,
  extensions: null,
  options?: { maxPayloadSize: number },
) => ByteParser) =>
  (require(inside(name, 'lib/web/websocket/receiver.js')) as { ByteParser: ReturnType<typeof loadUndici> }).ByteParser;

/** Returns why a package cannot be measured: it is not installed. */
export function absent(name: string): string | undefined {
  try {
    require.resolve(name);
    return undefined;
  } catch {
    return `${name} is not installed`;
  }
}

/** Returns why bufferutil cannot be measured: it is not installed, or only its JavaScript fallback is. */
export function withoutBufferutil(): string | undefined {
  try {
    const file = require.resolve('bufferutil');
    const build = createRequire(file)('node-gyp-build') as { path(folder: string): string };
    build.path(dirname(file));
    return undefined;
  } catch {
    return `bufferutil is not installed, or has no build for ${process.platform}-${process.arch}`;
  }
}

function inside(name: string, path: string): string {
  return join(dirname(require.resolve(`${name}/package.json`)), path);
}
