// Situations in which a socket ends: by an RST, by us, before it has connected, and with TLS.
import type { Situation } from './situations.ts';

const OPEN = { allowHalfOpen: true } as const;

export const ENDING: readonly Situation[] = [
  {
    title: 'an RST while it reads',
    ...OPEN,
    async play(s) {
      s.read(0);
      await s.quiet();
      s.peer.reset();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'an RST while it is paused, and nothing waits',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.socket.pause();
      await s.quiet();
      s.peer.reset();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'bytes, then an RST',
    ...OPEN,
    async play(s) {
      s.read(1000);
      s.peer.write(1000);
      await s.saw('read');
      s.peer.reset();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'an RST after a FIN shows with the second write',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.peer.end();
      await s.saw('end');
      s.peer.reset();
      await s.quiet();
      s.flags();
      s.write(10);
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'the peer closes, then comes a write, and another',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.peer.close();
      await s.saw('end');
      s.write(10);
      await s.quiet();
      s.write(11);
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'the peer closes with bytes that it has not read: an RST',
    ...OPEN,
    deaf: true,
    async play(s) {
      s.read(0);
      s.write(10);
      await s.quiet();
      s.peer.close();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'ended, and then the peer ends',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.end();
      s.flags();
      await s.saw('finish');
      s.flags();
      s.peer.end();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'a write after the end',
    ...OPEN,
    async play(s) {
      s.end();
      s.write(10);
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'destroyed',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.socket.destroy();
      s.flags();
      await s.saw('close');
      s.write(10);
      await s.quiet();
      s.flags();
    },
  },
  {
    title: 'destroyed with an error, twice',
    ...OPEN,
    async play(s) {
      s.socket.destroy(Object.assign(new Error('cut'), { code: 'CUT' }));
      s.socket.destroy(Object.assign(new Error('again'), { code: 'AGAIN' }));
      await s.saw('close');
      await s.quiet();
      s.flags();
    },
  },
  {
    title: 'reset by us',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.socket.resetAndDestroy();
      s.flags();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'connecting: writes wait',
    connecting: true,
    async play(s) {
      s.write(10);
      s.write(20);
      s.flags();
      s.connect();
      await s.until(() => s.peer.read === 30, 'read by the peer');
      await s.saw('wrote 20');
      s.flags();
    },
  },
  {
    title: 'connecting: refused',
    connecting: true,
    async play(s) {
      s.read(0);
      s.refuse();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'connecting: destroyed',
    connecting: true,
    async play(s) {
      s.read(0);
      s.socket.destroy();
      s.flags();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'connecting: ended',
    connecting: true,
    async play(s) {
      s.read(0);
      s.end();
      s.flags();
      s.connect();
      await s.until(() => s.peer.ended, 'the FIN');
      await s.saw('finish');
      s.flags();
    },
  },
  {
    title: 'TLS: a small write is not taken before the call returns',
    tls: true,
    async play(s) {
      s.secure();
      await s.saw('secureConnect');
      s.write(100);
      await s.saw('wrote');
      await s.until(() => s.peer.read === 100, 'read by the peer');
      s.flags();
    },
  },
  {
    title: 'TLS: writes before the handshake wait for it',
    tls: true,
    async play(s) {
      s.write(100);
      await s.quiet();
      s.flags();
      s.secure();
      await s.saw('wrote');
      await s.until(() => s.peer.read === 100, 'read by the peer');
      s.flags();
    },
  },
  {
    title: 'TLS: the peer ends before the handshake',
    tls: true,
    async play(s) {
      s.read(0);
      await s.quiet();
      s.peer.end();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'TLS: the peer resets before the handshake',
    tls: true,
    async play(s) {
      s.read(0);
      await s.quiet();
      s.peer.reset();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'TLS: destroyed before the handshake',
    tls: true,
    async play(s) {
      s.read(0);
      await s.quiet();
      s.socket.destroy();
      s.flags();
      await s.saw('close');
      s.flags();
    },
  },
];
