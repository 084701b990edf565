// One cell of the table: brings a socket into a state, makes an event happen, and describes the outcome in a few words.
import { isPaused } from '../sockets.ts';
import { type Bench, soon } from '../support.ts';
import { type Event, type Order, type State, WHEN_WE_SEND } from './names.ts';
import { Scene, turn } from './scene.ts';
import { LARGE, makeTransport } from './transport.ts';

/** Obstacles that delay the rest; each is released when the first part of the outcome has been observed. */
function hindrance(state: State, order: Order, event: Event): string | undefined {
  const isAfter = order === 'after';
  if (state === 'connecting') return event === 'drain' ? undefined : 'once connected';
  if (state === 'TLS handshake') return event === 'drain' ? undefined : 'once there is TLS';
  if (state === 'half-closed by us') return isAfter ? "with the peer's FIN" : undefined;
  if (state === 'half-closed by the peer') return isAfter && event !== 'drain' ? 'when the peer reads' : undefined;
  if (state === 'full' && event === 'pause' && isAfter) return 'when both read';
  if (state === 'full') return event === 'drain' ? undefined : 'when the peer reads';
  return isAfter && (state === 'paused' || event === 'pause') ? 'on resume' : undefined;
}

/**
 * Plays a cell.
 *
 * @param expected the table's outcome, which only decides how long to wait
 * @returns the outcome, in the words of the table
 */
export async function play(bench: Bench, order: Order, state: State, event: Event, expected: string): Promise<string> {
  const isClient = state === 'connecting' || state === 'TLS handshake' || event === 'abort';
  const role = isClient ? 'client' : 'server';
  const transport = await makeTransport(bench, state, role);
  const scene = new Scene(transport);
  bench.after(() => scene.ws?.terminate());
  if (order === 'before') {
    transport.own();
    await transport.enter(state);
    await BEFORE[event](scene);
    await transport.noticed(state, event);
    scene.begin();
    try {
      scene.plug(role);
    } catch (error) {
      return error === scene.controller.signal.reason ? '`connect` throws the reason' : String(error);
    }
  } else {
    scene.plug(role);
    if (state !== 'connecting' && state !== 'TLS handshake') await scene.ws?.opened;
    await ENTER[state](scene);
    if (state === 'paused' && event === 'drain') await fill(scene);
    scene.begin();
    await AFTER[event](scene);
  }

  const release = hindrance(state, order, event) ?? transport.hindrance(order, state, event);
  const [now = '', later = ''] = split(expected, release);
  await scene.until(release === undefined ? withoutMarker(expected) : now);
  let words = scene.words;
  // Core holds messages back as well, so this state cannot be told from others.
  const isHeld = !scene.isOver && release === 'on resume' && (event === 'data' || event === 'pause');
  if (isHeld && scene.ws !== undefined && !(await isPaused(scene.ws))) words += 'WRONG: the socket is read from';
  const isDone = scene.isOver && transport.isGone;
  if (release !== undefined && !isDone) {
    scene.begin();
    await letGo(scene);
    if (release === WHEN_WE_SEND) scene.ws?.send('marker');
    await scene.until(withoutMarker(later));
    if (!scene.isOver) await scene.exchange();
    words = [words, `${release}: ${scene.words || 'nothing'}`].filter((part) => part !== '').join('; ');
  } else if (!scene.isOver) {
    await scene.exchange();
    words = scene.words;
  }
  const faults = await scene.finish();
  return [words || 'nothing', ...faults.map((fault) => `WRONG: ${fault}`)].join(', ');
}

const GOES_ON = /(, )?goes on$/;
const withoutMarker = (words: string): string => words.replace(GOES_ON, '').replace(/^nothing$/, '');

/** Returns the two parts of an expected outcome, before and after the release. */
function split(expected: string, release: string | undefined): string[] {
  const at = release === undefined ? -1 : expected.indexOf(`${release}: `);
  if (release === undefined || at < 0) return [withoutMarker(expected), ''];
  return [expected.slice(0, at).replace(/; $/, ''), expected.slice(at + release.length + 2)];
}

async function letGo({ ws, transport }: Scene): Promise<void> {
  await transport.ready();
  transport.peer?.release();
  ws?.resume();
}

const fill = async ({ ws, transport }: Scene): Promise<void> => {
  transport.peer?.hold();
  ws?.send(new Uint8Array(LARGE));
  await soon();
  if (!ws?.queuedBytes) throw new Error('the socket is not full: LARGE is too little');
};

/** Brings a socket that an adapter has into a state. */
const ENTER: Readonly<Record<State, (scene: Scene) => unknown>> = {
  connecting: () => undefined,
  'TLS handshake': () => undefined,
  open: () => undefined,
  async 'half-closed by the peer'(scene) {
    await fill(scene);
    scene.transport.peer?.end();
    await scene.ws?.closed;
  },
  async 'half-closed by us'({ transport: { peer }, clock }) {
    if (peer === undefined) return;
    peer.polite = false;
    peer.close(1000);
    while (!peer.ended) await turn(clock);
  },
  full: fill,
  paused: ({ ws }) => ws?.pause(),
  async errored({ ws, transport }) {
    transport.fail();
    await ws?.closed;
  },
  async destroyed({ ws }) {
    ws?.terminate();
    await ws?.closed;
  },
};

/** Longer than any deadline. */
const LONG = 600_000;

const AFTER: Readonly<Record<Event, (scene: Scene) => unknown>> = {
  data: ({ transport }) => transport.data(),
  FIN: ({ transport }) => transport.end(),
  RST: ({ transport }) => transport.reset(),
  error: ({ transport }) => transport.fail(),
  drain: ({ transport }) => {
    transport.peer?.release();
    return transport.ready();
  },
  deadline: ({ clock }) => clock.advance(LONG),
  pause: ({ ws, transport }) => {
    ws?.pause();
    transport.peer?.text('hello');
  },
  close: ({ ws }) => ws?.close(1000),
  terminate: ({ ws }) => ws?.terminate(),
  abort: ({ controller }) => controller.abort(),
};

/** Makes the same event happen for the owner of a socket that no adapter has yet. */
const BEFORE: Readonly<Record<Event, (scene: Scene) => unknown>> = {
  ...AFTER,
  pause: ({ transport }) => transport.pause(),
  close: ({ transport }) => transport.endOurHalf(),
  async drain(scene) {
    await AFTER.drain(scene);
    await scene.transport.drained();
  },
  terminate: ({ transport }) => transport.destroy(),
};
