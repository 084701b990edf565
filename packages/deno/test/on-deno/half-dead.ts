/**
 * Connections that arrive in any state. A `Deno.Conn` does not tell its state: a TCP connection that was
 * closed refuses options, and other states show only when it is read.
 */
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { recorder } from '../../../node/test/support.ts';
import { attach, connect } from '../../src/index.ts';
import { settled } from './fake-conn.ts';

const HOST = '127.0.0.1';

/** An accepted connection and its peer. */
interface Ends {
  readonly conn: Deno.Conn;
  readonly peer: Deno.Conn;
}

const kinds: Record<string, () => Promise<Ends>> = {
  async TCP() {
    using listener = Deno.listen({ hostname: HOST, port: 0 });
    const [peer, conn] = await Promise.all([
      Deno.connect({ hostname: HOST, port: listener.addr.port }),
      listener.accept(),
    ]);
    return { conn, peer };
  },
  async TLS() {
    using listener = Deno.listenTls({ hostname: HOST, port: 0, cert: CERTIFICATE, key: KEY });
    const where = { hostname: HOST, port: listener.addr.port, caCerts: [CERTIFICATE] };
    const [peer, conn] = await Promise.all([Deno.connectTls(where), listener.accept()]);
    await Promise.all([peer.handshake(), conn.handshake()]);
    return { conn, peer };
  },
  async Unix() {
    const path = await Deno.makeTempFile();
    await Deno.remove(path);
    using listener = Deno.listen({ transport: 'unix', path });
    const [peer, conn] = await Promise.all([Deno.connect({ transport: 'unix', path }), listener.accept()]);
    await Deno.remove(path);
    return { conn, peer };
  },
};

const states: Record<string, (ends: Ends) => unknown> = {
  'was closed': ({ conn }) => conn.close(),
  'its peer has closed': ({ peer }) => peer.close(),
  'its peer has ended': ({ peer }) => peer.closeWrite(),
  'was ended by us, and its peer has closed': async ({ conn, peer }) => {
    await conn.closeWrite();
    peer.close();
  },
  'was ended by both': async ({ conn, peer }) => {
    await conn.closeWrite();
    await peer.closeWrite();
  },
};

function close(...conns: Deno.Conn[]): void {
  for (const conn of conns) {
    try {
      conn.close();
    } catch {
      // It is closed already.
    }
  }
}

for (const [kind, make] of Object.entries(kinds)) {
  for (const [state, set] of Object.entries(states)) {
    for (const role of ['client', 'server', 'opened'] as const) {
      Deno.test(`attach (${role}) to a ${kind} connection that ${state}: one end, at once`, async () => {
        const ends = await make();
        await set(ends);
        await settled();
        const { log, handlers } = recorder();
        const connection =
          role === 'opened'
            ? Connection.opened('server')
            : role === 'client'
              ? Connection.client('ws://localhost/')
              : Connection.server();
        const ws = attach(ends.conn, connection, handlers);
        await ws.closed;
        await settled();
        // Only a closed TCP connection shows its state before it is read.
        const isKnown = kind === 'TCP' && state === 'was closed';
        const told = role === 'opened' ? (isKnown ? [] : ['open']) : ['fail handshake-interrupted'];
        assert.equal(log, [...told, 'end 1006']);
        assert.is(ws.send('x'), false);
        close(ends.peer);
        if (state !== 'was closed') assert.throws(() => ends.conn.close(), /Bad resource/);
      });
    }

    Deno.test(`if createConn returns a ${kind} connection that ${state}, the connection ends after connect has returned`, async () => {
      const ends = await make();
      await set(ends);
      const { log, handlers } = recorder();
      const ws = connect('ws://localhost', { createConn: () => ends.conn }, handlers);
      assert.equal(log, []);
      await ws.closed;
      await settled();
      assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
      close(ends.peer);
    });
  }
}
