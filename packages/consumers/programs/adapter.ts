// The program of a user who writes an adapter.
import {
  accept,
  type BaseServer,
  ConnectionEndedError,
  type Driver,
  type Handlers,
  Scope,
  start,
  WebSocketConnection,
  work,
} from '@sockless/adapter';
import { exercise, VirtualClock } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';

interface User {
  readonly name: string;
}

const handlers: Handlers<User> = {
  request: (ws, { path }) => {
    ws.data = { name: path };
    return accept();
  },
  message: (ws, data) => void ws.send(typeof data === 'string' ? data : data.subarray(1)),
  end: (_, { code, clean }) => void [code, clean],
};

export function open(driver: Driver): WebSocketConnection<User> {
  const scope = new Scope(handlers, { highWaterMark: 1024, clock: new VirtualClock() });
  const ws = new WebSocketConnection<User>(scope);
  start(ws, Connection.server(), driver);
  work(ws);
  return ws;
}

export async function read(ws: WebSocketConnection<User>): Promise<number> {
  let bytes = 0;
  try {
    for await (const message of ws) bytes += message.length;
  } catch (error) {
    if (error instanceof ConnectionEndedError) return -1;
    throw error;
  }
  return bytes;
}

export const test: typeof exercise = exercise;
export const close = (server: BaseServer<User>): Promise<void> => server.close({ code: 1001 });
