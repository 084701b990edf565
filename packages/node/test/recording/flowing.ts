// Situations in which bytes flow: writes, a full socket, and a FIN from the peer.
import type { Situation } from './situations.ts';

/** Above a socket's high-water mark on any Node, and little enough for the operating system to take at once. */
const ABOVE_MARK = 100_000;

/** More than the operating system takes while the peer does not read. */
const LARGE = 12_000_000;

const OPEN = { allowHalfOpen: true } as const;

export const FLOWING: readonly Situation[] = [
  {
    title: 'a small write is taken at once',
    ...OPEN,
    async play(s) {
      s.write(100);
      s.flags();
      await s.saw('wrote');
      await s.until(() => s.peer.read === 100, 'read by the peer');
      s.flags();
    },
  },
  {
    title: 'a write above the mark is taken at once: true, and no drain',
    ...OPEN,
    async play(s) {
      s.write(ABOVE_MARK);
      s.flags();
      await s.quiet();
      await s.until(() => s.peer.read === ABOVE_MARK, 'read by the peer');
      s.flags();
    },
  },
  {
    title: 'many small writes above the mark together, each taken at once: true, and no drain',
    ...OPEN,
    async play(s) {
      let results = '';
      for (let i = 0; i < 400; i++) results += s.socket.write(new Uint8Array(500)) ? '' : 'f';
      s.note(`false: ${results.length}`);
      s.flags();
      await s.until(() => s.peer.read === 200_000, 'read by the peer');
      await s.quiet();
      s.flags();
    },
  },
  {
    title: 'corked writes above the mark are written together',
    ...OPEN,
    async play(s) {
      s.socket.cork();
      s.write(ABOVE_MARK);
      s.write(10);
      s.flags();
      s.socket.uncork();
      s.flags();
      await s.saw('drain');
    },
  },
  {
    title: 'a write that is taken partly waits whole, until the peer has read',
    ...OPEN,
    async play(s) {
      s.peer.hold();
      s.write(LARGE);
      s.write(10);
      await s.quiet();
      s.flags();
      s.peer.release();
      await s.saw('drain');
      s.flags();
    },
  },
  {
    title: 'destroyed while it is full: waiting writes are called back',
    ...OPEN,
    async play(s) {
      s.peer.hold();
      s.write(LARGE);
      s.write(10);
      await s.quiet();
      s.socket.destroy();
      s.flags();
      await s.saw('close');
      await s.quiet();
      s.flags();
    },
  },
  {
    title: 'the peer resets while it is full and not read from',
    ...OPEN,
    async play(s) {
      s.peer.hold();
      s.write(LARGE);
      await s.quiet();
      s.peer.reset();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'ended while it is full: the FIN follows all waiting bytes',
    ...OPEN,
    async play(s) {
      s.peer.hold();
      s.write(LARGE);
      s.end();
      await s.quiet();
      s.flags();
      s.peer.release();
      await s.saw('finish');
      await s.until(() => s.peer.ended, 'the FIN');
      s.note(`the peer has read ${s.peer.read}`);
      s.flags();
    },
  },
  {
    title: 'a FIN, half open: it may still write',
    ...OPEN,
    async play(s) {
      s.read(0);
      s.peer.end();
      await s.saw('end');
      s.flags();
      s.write(10);
      await s.until(() => s.peer.read === 10, 'read by the peer');
      s.end();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'a FIN, not half open: it ends by itself',
    async play(s) {
      s.read(0);
      s.peer.end();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'a FIN, not half open, while it is full',
    async play(s) {
      s.peer.hold();
      s.write(LARGE);
      s.read(0);
      await s.quiet();
      s.peer.end();
      await s.saw('end');
      await s.quiet();
      s.flags();
      s.peer.release();
      await s.saw('close');
      await s.until(() => s.peer.ended, 'the FIN');
      s.note(`the peer has read ${s.peer.read}`);
      s.flags();
    },
  },
  {
    title: 'a write after a FIN, not half open',
    async play(s) {
      s.read(0);
      s.socket.on('end', () => s.write(10));
      s.peer.end();
      await s.saw('close');
      s.flags();
    },
  },
  {
    title: 'a FIN without bytes is noticed without a reader',
    ...OPEN,
    async play(s) {
      s.peer.end();
      await s.saw('end');
      s.flags();
    },
  },
  {
    title: 'bytes and a FIN without a reader: both wait',
    ...OPEN,
    async play(s) {
      s.peer.write(1000);
      s.peer.end();
      await s.until(() => s.socket.readableLength === 1000, 'arrived');
      await s.quiet();
      s.flags();
      s.read(1000);
      await s.saw('end');
      s.flags();
    },
  },
  {
    title: 'bytes and a FIN while it is paused: both wait',
    ...OPEN,
    async play(s) {
      s.read(1000);
      s.socket.pause();
      s.peer.write(1000);
      s.peer.end();
      await s.quiet();
      s.flags();
      s.socket.resume();
      await s.saw('end');
      s.flags();
    },
  },
];
