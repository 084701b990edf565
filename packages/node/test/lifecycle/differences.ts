// The cells of each runtime that differ from the table, which is Node's.
import { type Cannot, type Differences, EVENTS, type Row } from './names.ts';

const cannot = (reason: string): Cannot => ({ cannot: reason });

/** A row in which most cells are impossible. */
const none = (reason: string, others: Partial<Row>): Row =>
  ({ ...Object.fromEntries(EVENTS.map((event) => [event, cannot(reason)])), ...others }) as Row;

const THROWS = '`connect` throws the reason';

// A `Deno.Conn` does not tell its state; only reading and writing show it.
const PEER_ENDED = 'opens, end 1006: the peer ended';
const WE_HAD_ENDED = 'opens; when we send: end 1006: reset';

const NO_ERROR = cannot('an error cannot be injected into a `Deno.Conn`');
const NO_PAUSE = cannot('a `Deno.Conn` is read only on request, so it cannot be paused');
const RESET_ALREADY = cannot('the peer has reset');

export const DIFFERENCES: Readonly<Record<'Node' | 'Deno', Differences>> = {
  Node: { before: {}, after: {} },
  Deno: {
    before: {
      connecting: none('a `Deno.Conn` is always connected', { abort: THROWS }),
      'TLS handshake': {
        error: NO_ERROR,
        pause: NO_PAUSE,
        close: cannot('`closeWrite` waits for the TLS handshake'),
      },
      open: {
        FIN: PEER_ENDED,
        RST: 'opens, end 1006: reset',
        error: NO_ERROR,
        pause: NO_PAUSE,
        close: WE_HAD_ENDED,
      },
      'half-closed by the peer': {
        RST: PEER_ENDED,
        error: NO_ERROR,
        deadline: PEER_ENDED,
        pause: NO_PAUSE,
        close: PEER_ENDED,
      },
      'half-closed by us': {
        data: 'opens, message; when we send: end 1006: reset',
        FIN: PEER_ENDED,
        RST: 'opens, end 1006: reset',
        error: NO_ERROR,
        deadline: WE_HAD_ENDED,
        pause: NO_PAUSE,
        close: WE_HAD_ENDED,
      },
      full: none('a `Deno.Conn` has no queue: a write waits instead', { abort: THROWS }),
      paused: none('a `Deno.Conn` is read only on request, so it cannot be paused', { abort: THROWS }),
      // The operating system reports a reset once, and an earlier read has received it.
      errored: {
        data: RESET_ALREADY,
        FIN: RESET_ALREADY,
        RST: RESET_ALREADY,
        error: NO_ERROR,
        deadline: PEER_ENDED,
        pause: NO_PAUSE,
        close: PEER_ENDED,
        terminate: 'end 1006: was destroyed',
      },
      destroyed: { error: NO_ERROR, pause: NO_PAUSE },
    },
    after: {
      'TLS handshake': { error: NO_ERROR },
      open: { error: NO_ERROR },
      'half-closed by the peer': {
        error: NO_ERROR,
        abort: cannot(
          'the peer, a socket of `node:net`, reads on while it is paused: how much has left by then differs',
        ),
      },
      'half-closed by us': { error: NO_ERROR },
      full: { error: NO_ERROR },
      paused: { FIN: 'on resume: end 1006: the peer ended', error: NO_ERROR },
      errored: { data: RESET_ALREADY, FIN: RESET_ALREADY, RST: RESET_ALREADY, error: NO_ERROR },
      destroyed: { error: NO_ERROR },
    },
  },
};
