// The adapter for Node, on simulated sockets.
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection } from '@sockless/core';
import { attach, connect, upgrade } from '../../../node/src/index.ts';
import { simulateSocket, type VirtualClock, type WireEnd } from '../../src/testing/index.ts';
import type { Subject, Transport, TransportKind } from './subject.ts';

/** A frame of a server's, longer than anything that is taken at once. */
const FULL = (() => {
  const bytes = new Uint8Array(2_000_010);
  bytes.set([0x82, 127, 0, 0, 0, 0, 0, 0x1e, 0x84, 0x80]);
  return bytes;
})();

export function nodeTransport(end: WireEnd, clock: VirtualClock, kind: TransportKind): Transport {
  const cancels = kind.random() < 0.5;
  const { socket, connected, refused, secured } = simulateSocket(Duplex, end, clock, { ...kind, cancels });
  const ignore = (): void => undefined;
  const own = (act: () => unknown) => (): void => {
    // Its owner hears errors, until the adapter does.
    socket.on('error', ignore);
    act();
    clock.setTimeout(() => socket.off('error', ignore), 1);
  };
  return {
    it: socket,
    get isGone() {
      return socket.destroyed;
    },
    get waiting() {
      return socket.destroyed ? 0 : socket.writableLength;
    },
    get hasEnded() {
      return socket.destroyed || socket.readableEnded || socket.writableEnded;
    },
    connected,
    refused,
    secured,
    before: {
      destroy: own(() => socket.destroy()),
      fail: own(() => socket.destroy(new Error('the cable was cut'))),
      end: own(() => socket.end()),
      pause: own(() => socket.pause()),
      read: own(() => socket.read(0)),
      'read to the end': own(() => socket.resume()),
      full: own(() => socket.write(FULL.slice())),
      answering: own(() => {
        const response = new EventEmitter();
        Object.assign(socket, { _httpMessage: response });
        clock.setTimeout(() => {
          Object.assign(socket, { _httpMessage: null });
          response.emit('close');
        }, kind.random() * 2000);
      }),
    },
  };
}

export const node: Subject = {
  name: 'node',
  ways: ['opened', 'server', 'client', 'upgrade', 'connect', 'connect'],
  connects: true,
  Connection,
  transport: nodeTransport,
  attach: (it, connection, handlers, options) => attach(it as Socket, connection, handlers, options),
  upgrade: (it, head, handlers, options) => upgrade(REQUEST, it as Socket, head, options, handlers),
  connect: (url, options, create, handlers) => connect(url, { ...options, createSocket: create as () => Socket }, handlers),
};

/** As much of a request as the adapter looks at. */
export const REQUEST = {
  method: 'GET',
  url: '/',
  httpVersionMajor: 1,
  httpVersionMinor: 1,
  rawHeaders: [
    ...['Host', 'localhost', 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    ...['Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ],
} as IncomingMessage;
