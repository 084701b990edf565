/** sockless as an echo server, with all defaults unless told otherwise: heartbeat and timeouts on, compression off. */
import { createServer } from 'node:net';
import type { ServeOptions } from '@sockless/node';
import { LOAN } from '../../loan.ts';
import { ours } from '../../ours.ts';
import { HOST } from '../handshake.ts';
import { announce, nodeListening } from './listening.ts';

const { Connection, resolveServerOptions } = await ours('core');
const { attach, serve } = await ours('node');

const [surface, variant] = process.argv.slice(2);
const options = optionsOf(variant);
const handlers: Parameters<typeof serve>[1] =
  variant === 'lending'
    ? { message: (ws, data) => void (typeof data === 'string' ? ws.send(data) : ws.send(data, LOAN)) }
    : { message: (ws, data) => void ws.send(data) };

if (surface === 'net') {
  // Without node:http: core parses the request itself.
  const { compression: _, port: __, tls: ___, ...rest } = options;
  // Resolved once, as `serve` does. Older revisions of ours cannot.
  const resolved = (resolveServerOptions as typeof resolveServerOptions | undefined)?.(rest) ?? rest;
  nodeListening(createServer((socket) => void attach(socket, Connection.server(resolved), handlers)));
} else {
  const server = await serve({ ...options, host: HOST }, handlers);
  announce(server.http);
}

function optionsOf(name: string | undefined): ServeOptions {
  if (name === 'without-timers') return { heartbeat: false, idleTimeout: Infinity };
  // The load generator answers Ping frames at once.
  if (name === 'heartbeat') return { heartbeat: { interval: Number(process.argv[4]), timeout: 10_000 } };
  if (name === 'large') return { maxMessageSize: Infinity, maxQueuedBytes: Infinity };
  return {};
}
