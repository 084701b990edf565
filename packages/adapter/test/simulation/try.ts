// One transport of a connection under test, with the peer at its other end. A client that reconnects has several.

import { bytesOf, keyOf, pick, type Random, randomBytes, textOf, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection, type ConnectionOptions } from '@sockless/core';
import type { ConnectionPlan } from './plan.ts';
import type { Transport } from './subject.ts';
import type { World } from './world.ts';

const RAW: readonly (string | readonly number[])[] = [
  'HTTP/1.1 401 Unauthorized\r\n\r\n',
  'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 10000\r\n\r\nlater',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  '\r\n\r\n',
  [0x81, 0x05, 0x68],
  [0x81, 0x85, 1, 2, 3, 4],
  [0x88, 0x80, 0, 0, 0, 0],
  [0x88, 0x02, 0x03, 0xe8],
  [0x89, 0x80, 0, 0, 0, 0],
  [0xff, 0xff],
  [0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
];

export class Try {
  readonly near: WireEnd;
  readonly far: WireEnd;
  readonly transport: Transport;
  readonly peer: WirePeer | undefined;
  /** The request of an upgrade. */
  readonly head: string;
  /** The messages that the peer has sent. */
  readonly sent: string[] = [];
  /** Whether an adapter has it. */
  attached = false;
  /** Whether bytes that it took may be lost. */
  lossy = false;
  /** The number of messages that others had written to it before. */
  foreign = 0;
  frozen = false;
  readonly #world: World;
  readonly #random: Random;
  #number = 0;

  constructor(world: World, plan: ConnectionPlan, connecting: boolean, peer: Connection, queued: () => number) {
    const { clock, random } = world;
    this.#world = world;
    this.#random = random;
    [this.near, this.far] = WireEnd.pair(clock);
    for (const end of [this.near, this.far]) {
      end.capacity = plan.capacity;
      end.latency = plan.latency === 0 ? 0 : () => random() * plan.latency;
      end.most = plan.most;
    }
    this.#watchMemory(queued);
    const { tls, allowHalfOpen } = plan;
    this.transport = world.subject.transport(this.near, clock, { connecting, tls, allowHalfOpen, random });
    // The HTTP server has already read the request.
    this.head = plan.way === 'upgrade' ? String.fromCharCode(...(peer.transmit() ?? [])) : '';
    if (plan.peer === 'silent') clock.setTimeout(() => this.freeze(), random() * 1000);
    this.peer = plan.peer === 'raw' ? undefined : new WirePeer(this.far, peer, clock);
    if (plan.peer === 'slow') this.peer?.hold();
    if (plan.peer === 'raw') this.lossy = true;
  }

  /** The peer does one random action. */
  act(): void {
    const { peer } = this;
    if (peer === undefined) this.#sendRaw();
    else if (!this.frozen && peer.connection.state === 'open') this.#send(peer);
  }

  /** Makes an event happen to the transport or its peer, by name. */
  happens(kind: string): void {
    const { near, far, peer, transport } = this;
    const isOpen = !(far.closed || far.dead);
    this.#world.count(kind);
    switch (kind) {
      case 'the peer stops reading':
        peer?.hold();
        break;
      case 'the peer reads again':
        peer?.release();
        break;
      case 'nothing arrives for a while':
        pick(this.#random, [near, far]).hold();
        break;
      case 'what was held arrives':
        near.release();
        far.release();
        break;
      case 'the cable is cut':
        near.dropping = far.dropping = this.lossy = true;
        break;
      case 'little is taken':
        near.capacity = pick(this.#random, [0, 1, 100, 5000]);
        break;
      case 'much is taken':
        near.capacity = 1_000_000;
        break;
      case 'a few bytes at a time':
        near.most = 1 + Math.floor(this.#random() * 1000);
        break;
      case 'FIN':
        if (isOpen && !far.finished) far.shutdown();
        this.lossy = true;
        break;
      case 'RST':
        far.reset();
        this.lossy = true;
        break;
      case 'the peer closes its socket':
        if (peer === undefined) far.close();
        else peer.destroy();
        this.lossy = true;
        break;
      case 'the peer says goodbye':
        if (!this.frozen) peer?.connection.close(1000);
        peer?.flush();
        this.lossy = true;
        break;
      case 'the peer breaks a rule':
        this.lossy = true;
        this.#sendRaw();
        break;
      case 'the peer hangs':
        this.freeze();
        break;
      case 'connected':
        transport.connected();
        break;
      case 'refused':
        transport.refused();
        break;
      case 'TLS':
        transport.secured();
        break;
      default:
        throw new Error(kind);
    }
  }

  /** Removes all obstacles. */
  calm(): void {
    const { near, far, peer, transport } = this;
    for (const end of [near, far]) {
      end.capacity = 1_000_000;
      end.most = Infinity;
      end.latency = 1;
      end.release();
    }
    transport.connected();
    transport.secured();
    peer?.release();
    near.onWritable();
    far.onWritable();
  }

  freeze(): void {
    this.frozen = this.lossy = true;
    this.peer?.freeze();
  }

  clear(): void {
    this.peer?.destroy();
    this.far.close();
    this.near.close();
  }

  /** Whether the peer has ended the transport and this end knows it. */
  get isOver(): boolean {
    return this.near.ended || this.near.dead;
  }

  #send({ connection }: WirePeer): void {
    const number = this.#number++;
    const length = Math.floor(this.#random() ** 4 * 30_000);
    const chance = this.#random();
    if (chance < 0.15) connection.ping('peer');
    else if (connection.queuedBytes < 1_000_000) {
      const data = chance < 0.6 ? textOf(number, length) : bytesOf(number, length);
      connection.send(data);
      this.sent.push(keyOf(data));
    }
    this.peer?.flush();
  }

  #sendRaw(): void {
    const raw = pick(this.#random, RAW);
    const bytes = typeof raw === 'string' ? new TextEncoder().encode(raw) : Uint8Array.from(raw);
    try {
      this.far.take(bytes);
    } catch {
      // The subject has reset the connection.
    }
  }

  /** Checks that queued bytes keep no other memory alive: kept memory is bounded by what is queued. */
  #watchMemory(queued: () => number): void {
    const { near } = this;
    const take = near.take.bind(near);
    let taken = 0;
    near.take = (bytes) => {
      const { buffer, byteOffset, length } = bytes;
      if (byteOffset + length < buffer.byteLength && buffer.byteLength > taken + queued() + 1000) {
        this.#world.fault('memory', `${length} bytes keep ${buffer.byteLength}, and ${taken + queued()} were queued`);
      }
      const count = take(bytes);
      taken += count;
      return count;
    };
  }
}

/** Returns the peer of a connection that is made in this way. */
export function peerOf(world: World, { way }: ConnectionPlan): Connection {
  if (way === 'opened') return peerConnection(world, 'client', true);
  return peerConnection(world, way === 'client' || way === 'connect' ? 'server' : 'client', false);
}

/** The peer waits as long as necessary, because it has no deadlines of its own. */
const PATIENT = {
  ...{ heartbeat: false, idleTimeout: Infinity, stallTimeout: Infinity, closeTimeout: Infinity },
  ...{ handshakeTimeout: Infinity, messageProgress: false },
} as const satisfies ConnectionOptions;

function peerConnection({ random }: World, role: 'client' | 'server', opened: boolean): Connection {
  if (role === 'server') return opened ? Connection.opened(role, {}, PATIENT) : Connection.server(PATIENT);
  const options = { ...PATIENT, random: randomBytes(random) };
  return opened ? Connection.opened(role, {}, options) : Connection.client('ws://localhost/', options);
}
