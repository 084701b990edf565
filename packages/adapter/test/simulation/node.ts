// The adapter for Node on simulated sockets.
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { simulateSocket, type VirtualClock, type WireEnd } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { attach, connect, upgrade } from '../../../node/src/index.ts';
import type { Subject, Transport, TransportKind } from './subject.ts';

/** A frame of a server, longer than a socket takes at once. */
const FULL = (() => {
  const bytes = new Uint8Array(1_200_010);
  bytes.set([0x82, 127, 0, 0, 0, 0, 0, 0x12, 0x4f, 0x80]);
  return bytes;
})();

export function nodeTransport(end: WireEnd, clock: VirtualClock, kind: TransportKind): Transport {
  const cancels = kind.random() < 0.5;
  const { socket, connected, refused, secured } = simulateSocket(Duplex, end, clock, { ...kind, cancels });
  const ignore = (): void => undefined;
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
    own: () => void socket.on('error', ignore),
    disown: () => void socket.removeListener('error', ignore),
    before: {
      destroy: () => void socket.destroy(),
      fail: () => void socket.destroy(new Error('the cable was cut')),
      end: () => void socket.end(),
      pause: () => void socket.pause(),
      read: () => void socket.read(0),
      'read to the end': () => void socket.resume(),
      full: () => void socket.write(FULL.slice()),
      answering: () => {
        const response = new EventEmitter();
        Object.assign(socket, { _httpMessage: response });
        clock.setTimeout(() => {
          Object.assign(socket, { _httpMessage: null });
          response.emit('close');
        }, kind.random() * 2000);
      },
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
  upgrade: (request, it, head, handlers, options) => upgrade(requestOf(request), it as Socket, head, options, handlers),
  connect: (url, options, create, handlers) =>
    connect(url, { ...options, createSocket: create as () => Socket }, handlers),
};

/** The part of a request that the adapter reads. */
export function requestOf(head: string): IncomingMessage {
  const [, ...fields] = head.trimEnd().split('\r\n');
  const rawHeaders = fields.flatMap((field) => [
    field.slice(0, field.indexOf(':')),
    field.slice(field.indexOf(':') + 1).trim(),
  ]);
  return {
    method: 'GET',
    url: '/',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    rawHeaders,
  } as unknown as IncomingMessage;
}
