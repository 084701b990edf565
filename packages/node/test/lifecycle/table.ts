// The expected outcome of every cell, on Node. packages/adapter/LIFECYCLE.md explains the words.
import type { Cell, Event, Row, Table } from './names.ts';

const cannot = (reason: string): Cell => ({ cannot: reason });

const NO_PEER = cannot('there is no peer yet');
const ENDED_ALREADY = cannot('the peer has already ended');
const ENDS_ONCE = cannot('a FIN arrives only once');
const NOTHING_WAITS = cannot('nothing waits to be written; otherwise the state would be "full"');
const FIN_IS_LAST = cannot('a FIN follows everything that was waiting');
const LOST = cannot('bytes that were waiting are lost with the socket');
const THROWS = '`connect` throws the reason';

/** A row with the same outcome in all cells but some. */
const all = (cell: Cell, others: Partial<Row> = {}): Row =>
  ({
    ...Object.fromEntries(
      (
        ['data', 'FIN', 'RST', 'error', 'drain', 'deadline', 'pause', 'close', 'terminate', 'abort'] satisfies Event[]
      ).map((event) => [event, cell]),
    ),
    ...others,
  }) as Row;

const DESTROYED = 'end 1006: was destroyed';
const THE_ERROR = 'end 1006: the error';
const PEER_HAD_ENDED = 'end 1006: the peer had ended';
const WE_HAD_ENDED = 'end 1006: we had ended';
const RESET = 'end 1006: reset';
const CONNECTED = 'once connected: opens, goes on';
const SECURE = 'once there is TLS: opens, goes on';
const FULL = 'opens; when the peer reads: all arrives, drain, goes on';

export const TABLE: Table = {
  before: {
    connecting: {
      data: NO_PEER,
      FIN: NO_PEER,
      RST: 'end 1006: refused',
      error: THE_ERROR,
      drain: 'opens, goes on',
      deadline: CONNECTED,
      pause: CONNECTED,
      close: WE_HAD_ENDED,
      terminate: DESTROYED,
      abort: THROWS,
    },
    'TLS handshake': {
      data: 'end 1006: no TLS',
      FIN: 'end 1006: the peer ended',
      RST: RESET,
      error: THE_ERROR,
      drain: 'opens, goes on',
      deadline: SECURE,
      pause: SECURE,
      close: WE_HAD_ENDED,
      terminate: DESTROYED,
      abort: THROWS,
    },
    open: {
      data: 'opens, message, goes on',
      FIN: PEER_HAD_ENDED,
      RST: RESET,
      error: THE_ERROR,
      drain: NOTHING_WAITS,
      deadline: 'opens, goes on',
      pause: 'opens, goes on',
      close: WE_HAD_ENDED,
      terminate: DESTROYED,
      abort: THROWS,
    },
    'half-closed by the peer': all(PEER_HAD_ENDED, {
      data: ENDED_ALREADY,
      FIN: ENDS_ONCE,
      error: THE_ERROR,
      drain: NOTHING_WAITS,
      close: DESTROYED,
      terminate: DESTROYED,
      abort: THROWS,
    }),
    'half-closed by us': all(WE_HAD_ENDED, {
      FIN: DESTROYED,
      RST: RESET,
      error: THE_ERROR,
      drain: FIN_IS_LAST,
      terminate: DESTROYED,
      abort: THROWS,
    }),
    full: all(FULL, {
      data: 'opens, message; when the peer reads: all arrives, drain, goes on',
      FIN: PEER_HAD_ENDED,
      RST: RESET,
      error: THE_ERROR,
      drain: 'opens, goes on',
      close: WE_HAD_ENDED,
      terminate: DESTROYED,
      abort: THROWS,
    }),
    paused: {
      data: 'opens, message, goes on',
      FIN: PEER_HAD_ENDED,
      RST: RESET,
      error: THE_ERROR,
      drain: NOTHING_WAITS,
      deadline: 'opens, goes on',
      pause: 'opens, goes on',
      close: WE_HAD_ENDED,
      terminate: DESTROYED,
      abort: THROWS,
    },
    errored: all(THE_ERROR, { drain: LOST, abort: THROWS }),
    destroyed: all(DESTROYED, { drain: LOST, abort: THROWS }),
  },
  after: {
    connecting: {
      data: NO_PEER,
      FIN: NO_PEER,
      RST: 'end 1006: refused',
      error: THE_ERROR,
      drain: 'opens, goes on',
      deadline: 'end 1006: handshake-timeout',
      pause: CONNECTED,
      close: 'end 1006: handshake-abandoned',
      terminate: 'end 1006: terminated',
      abort: 'end 1006: handshake-abandoned',
    },
    'TLS handshake': {
      data: 'end 1006: no TLS',
      FIN: 'end 1006: the peer ended',
      RST: RESET,
      error: THE_ERROR,
      drain: 'opens, goes on',
      deadline: 'end 1006: handshake-timeout',
      pause: SECURE,
      close: 'end 1006: handshake-abandoned',
      terminate: 'end 1006: terminated',
      abort: 'end 1006: handshake-abandoned',
    },
    open: {
      data: 'message, goes on',
      FIN: 'end 1006: the peer ended',
      RST: RESET,
      error: THE_ERROR,
      drain: NOTHING_WAITS,
      deadline: 'end 1006: idle-timeout',
      pause: 'on resume: message, goes on',
      close: 'Close 1000, end 1000 clean',
      terminate: 'end 1006: terminated',
      abort: 'Close 1001, end 1001 clean',
    },
    'half-closed by the peer': all('when the peer reads: all arrives, the socket closes', {
      data: ENDED_ALREADY,
      FIN: ENDS_ONCE,
      RST: 'the socket closes',
      error: 'the socket closes',
      drain: 'all arrives, the socket closes',
      deadline: 'the socket closes',
      terminate: 'the socket closes',
      // A client's socket, as `net.connect` makes it, ends its own side by itself.
      abort: 'when the peer reads: the socket closes',
    }),
    'half-closed by us': all("with the peer's FIN: end 1000 clean", {
      FIN: 'end 1000 clean',
      RST: 'end 1000 clean',
      error: 'end 1000 clean',
      drain: FIN_IS_LAST,
      deadline: 'end 1000 clean',
      terminate: 'end 1000 clean',
      abort: cannot('only clients have the option `signal`, and a client waits for the FIN of the server (7.1.1)'),
    }),
    full: {
      data: 'message; when the peer reads: all arrives, drain, goes on',
      FIN: 'end 1006: the peer ended; when the peer reads: all arrives, the socket closes',
      RST: RESET,
      error: THE_ERROR,
      drain: 'all arrives, drain, goes on',
      deadline: 'end 1006: stall-timeout',
      pause: 'when both read: message, all arrives, drain, goes on',
      close: 'when the peer reads: Close 1000, all arrives, end 1000 clean',
      terminate: 'end 1006: terminated',
      abort: 'when the peer reads: Close 1001, all arrives, end 1001 clean',
    },
    paused: {
      data: 'on resume: message, goes on',
      FIN: 'end 1006: the peer ended',
      RST: RESET,
      error: THE_ERROR,
      drain: 'all arrives, drain; on resume: goes on',
      deadline: 'on resume: goes on',
      pause: 'on resume: message, goes on',
      close: 'Close 1000, end 1000 clean',
      terminate: 'end 1006: terminated',
      abort: 'Close 1001, end 1001 clean',
    },
    errored: all('nothing', { drain: LOST }),
    destroyed: all('nothing', { drain: LOST }),
  },
};
