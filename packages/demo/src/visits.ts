/** The handlers of a page's two connections: its chat at `/chat` and its tap at `/tap`. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { accept, type Handlers, reject, type WebSocketConnection } from '@sockless/node';
import { isThisComputer } from './hosts.ts';
import * as hub from './hub.ts';
import { type ClientMessage, parseClientMessage } from './protocol.ts';
import { mirror, openTap, type Tap, type Taps } from './tap.ts';

/** The server's knowledge of one connection. */
export type Visit =
  /** `member` is set once the page has sent hello. */
  { readonly path: '/chat'; member: hub.Member | undefined } | { readonly path: '/tap'; token: string };

/** The state shared by all connections. */
export interface Visits {
  readonly hub: hub.Hub;
  /** The taps that wait for their connection. */
  readonly taps: Taps;
  /** The tap that mirrors a socket. */
  readonly tapOf: WeakMap<object, Tap>;
  /** Latencies measured since the last report. */
  latencies: Record<string, number>;
  /** Whether new connections are refused. */
  closed: boolean;
  /** Called with the explanation of each end. */
  readonly log: (summary: string) => void;
}

/** How long latencies are collected before all of them are sent in one message, in milliseconds. */
const LATENCY_DELAY = 500;

export function createVisits(log: Visits['log'] = () => undefined): Visits {
  return {
    hub: hub.createHub(),
    taps: new Map(),
    tapOf: new WeakMap(),
    latencies: {},
    closed: false,
    log,
  };
}

/** Mirrors a connection that asks for it. Call it in a server's `upgrade` event, before sockless gets the socket. */
export function mirrorIfAsked(visits: Visits, request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
  const [, token = ''] = /^\/chat\?tap=([\w-]+)$/.exec(request.url ?? '') ?? [];
  const tap = visits.taps.get(token);
  if (tap === undefined) return;
  visits.taps.delete(token);
  visits.tapOf.set(socket, tap);
  mirror(tap, request, socket, head);
}

/** Returns the handlers of all connections. */
export function visitHandlers(visits: Visits): Handlers<Visit> {
  return {
    request(ws, { path, host }) {
      if (!isThisComputer(host)) return reject(421);
      if (path !== '/chat' && path !== '/tap') return reject(404);
      if (visits.closed) return reject(503, { 'Retry-After': '5' });
      ws.data = path === '/tap' ? { path, token: '' } : { path, member: undefined };
      return accept();
    },

    open(ws) {
      if (ws.data.path === '/tap') ws.data.token = openTap(visits.taps, ws);
    },

    message(ws, data) {
      if (ws.data.path === '/tap') ws.close(1008, 'a tap only listens');
      else if (typeof data !== 'string') ws.send(data);
      else {
        const message = parseClientMessage(data);
        if (message !== undefined) receive(visits, ws, ws.data, message);
        else ws.send(JSON.stringify({ type: 'problem', text: 'The server did not understand this message.' }));
      }
    },

    pong({ data }, _, latency) {
      if (latency === undefined || data.path === '/tap' || data.member === undefined) return;
      data.member.latency = Math.round(latency * 100) / 100;
      if (Object.keys(visits.latencies).length === 0) setTimeout(tellLatencies, LATENCY_DELAY, visits).unref();
      visits.latencies[data.member.id] = data.member.latency;
    },

    end(ws, event) {
      visits.log(event.explanation.summary);
      visits.tapOf.get(ws.socket as object)?.end(event);
      // It was refused, or gave up before that.
      if (ws.openEvent === undefined) return;
      if (ws.data.path === '/tap') visits.taps.delete(ws.data.token);
      else if (ws.data.member !== undefined) hub.leave(visits.hub, ws.data.member);
    },
  };
}

function receive(
  { hub: everyone }: Visits,
  ws: WebSocketConnection<Visit>,
  visit: Extract<Visit, { path: '/chat' }>,
  message: ClientMessage,
): void {
  const { member } = visit;
  if (member === undefined) {
    if (message.type !== 'hello') ws.close(1008, 'say hello first');
    else {
      const id = freeId(everyone, message.key);
      visit.member = hub.enter(everyone, id, message.name, message.rooms, ws as WebSocketConnection<never>);
    }
    return;
  }
  switch (message.type) {
    case 'hello':
      hub.unicast(member, { type: 'problem', text: 'You have said hello already.' });
      break;
    case 'name':
      hub.rename(everyone, member, message.name);
      break;
    case 'join':
      hub.joinRoom(everyone, member, message.room);
      break;
    case 'leave':
      hub.leaveRoom(everyone, member, message.room);
      break;
    case 'say':
      hub.say(everyone, member, message.to, message.text, message.ref, Date.now());
      break;
    case 'fragments':
      sendFragments(ws);
  }
}

/** 5.4: "Control frames [...] MAY be injected in the middle of a fragmented message." */
function sendFragments(ws: WebSocketConnection<Visit>): void {
  const text = 'This message came in three fragments, with a Ping frame between the second and the third.';
  const json = JSON.stringify({ type: 'note', text });
  const third = Math.ceil(json.length / 3);
  ws.sendFragment(json.slice(0, third), false);
  ws.sendFragment(json.slice(third, 2 * third), false);
  ws.ping('in between');
  ws.sendFragment(json.slice(2 * third), true);
}

/** Derives the id from the key, so that a person who reconnects keeps the id; but no id is here twice. */
function freeId({ members }: hub.Hub, key: string): string {
  const id = createHash('sha256').update(key).digest('base64url').slice(0, 12);
  return members.has(id) ? randomBytes(9).toString('base64url') : id;
}

function tellLatencies(visits: Visits): void {
  hub.broadcast(visits.hub, { type: 'latencies', of: visits.latencies });
  visits.latencies = {};
}
