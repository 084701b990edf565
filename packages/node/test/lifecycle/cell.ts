// One cell of the table: brings a socket into a state, lets something happen to it, and says in a few words what came of it.
import { Connection, type EndEvent, HandshakeError } from '@sockless/core';
import { attach, connect, type Handlers, type WebSocketConnection } from '../../src/index.ts';
import { type Bench, soon } from '../support.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { type Event, type Order, type State, WHEN_WE_SEND } from './names.ts';
import { causeOf, LARGE, makeTransport, type Transport } from './transport.ts';

/** How long a cell may take to become as the table has it, in milliseconds. */
const PATIENCE = 2000;

/** The deadlines that are not those of a heartbeat, whose peers answer. */
const OPTIONS = { heartbeat: false } as const;

/** What may be told of a cell, in the order in which it is told. */
const WORDS = ['opens', 'message', 'Close', 'all arrives', 'drain', 'end', 'the socket closes', 'goes on'] as const;

class Scene {
  readonly clock = new VirtualClock();
  readonly controller = new AbortController();
  readonly ends: EndEvent[] = [];
  readonly transport: Transport;
  ws: WebSocketConnection | undefined;
  /** What has been told since the event, and since what holds it up was released. */
  told: string[] = [];
  #wasGone = false;
  #marked = false;
  #listeners = 0;

  constructor(transport: Transport) {
    this.transport = transport;
    const { signal } = this.controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>): void => {
      this.#listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>): void => {
      this.#listeners--;
      removeEventListener.apply(signal, args);
    };
  }

  readonly handlers: Handlers = {
    open: () => this.#tell('opens'),
    message: (_, data) => {
      if (data === 'marker') this.#marked = true;
      else this.#tell('message');
    },
    drain: () => this.#tell('drain'),
    end: (_, event) => {
      this.ends.push(event);
      this.#tell(`end ${event.code}${event.clean ? ' clean' : ''}${why(event)}`);
    },
    error: (_, error) => this.#tell(`error ${error}`),
  };

  #tell(what: string): void {
    this.told.push(what);
  }

  /** Hands the socket to an adapter: a client's by `connect`, a server's by `attach`. */
  plug(role: 'client' | 'server'): void {
    const { transport, clock, handlers } = this;
    const { signal } = this.controller;
    if (role === 'server') {
      this.ws = attach(transport.socket, Connection.opened('server', {}, OPTIONS), handlers, { clock });
    } else {
      const createSocket = (): typeof transport.socket => transport.socket;
      this.ws = connect('ws://localhost/', { ...OPTIONS, clock, signal, createSocket }, handlers);
    }
    this.listen();
  }

  /** Hears of what the peer gets. */
  listen(): void {
    const { peer } = this.transport;
    if (peer === undefined) return;
    peer.onClose = (code) => this.#tell(`Close ${code}`);
    peer.onLarge = () => this.#tell('all arrives');
  }

  /** Forgets what was told, for what comes next to be told alone. */
  begin(): void {
    this.told = [];
    this.#wasGone = this.isOver && this.transport.isGone;
  }

  get isOver(): boolean {
    return this.ends.length > 0;
  }

  /** What has been told, in words. */
  get words(): string {
    const told = [...new Set(this.told)];
    const before = this.ends.length > 0 && !told.some((what) => what.startsWith('end'));
    if (before && !this.#wasGone && this.transport.isGone) told.push('the socket closes');
    return WORDS.flatMap((word) => told.filter((what) => what.startsWith(word))).join(', ');
  }

  /** Waits until `words` are these; or, where nothing is expected, some turns of the loop. */
  async until(words: string): Promise<void> {
    if (words === '') await soon();
    const limit = performance.now() + PATIENCE;
    do {
      await turn(this.clock);
      this.listen();
    } while (this.words !== words && performance.now() < limit);
  }

  /** Exchanges a message in both directions, unless the connection ends. */
  async exchange(): Promise<void> {
    const { transport, ws } = this;
    this.#marked = false;
    transport.peer?.text('marker');
    ws?.send('marker');
    const limit = performance.now() + PATIENCE;
    while (!this.isOver && performance.now() < limit) {
      if (this.#marked && transport.peer?.texts.includes('marker')) {
        this.#tell('goes on');
        await turn(this.clock);
        return;
      }
      await turn(this.clock);
      this.listen();
    }
  }

  /** Ends what has not ended. Returns what is wrong then, or was all the time. */
  async finish(): Promise<string[]> {
    const { ws, transport, clock } = this;
    if (ws === undefined) return [];
    const wasOver = this.isOver;
    if (!wasOver) ws.terminate();
    const limit = performance.now() + PATIENCE;
    while (!(transport.isGone && this.isOver) && performance.now() < limit) await turn(clock);
    transport.peer?.destroy();
    await soon();
    clock.advance(0);
    const faults: string[] = [];
    if (this.ends.length !== 1) faults.push(`${this.ends.length} ends`);
    if (!transport.isGone) faults.push('the socket is open');
    if (clock.timers > 0) faults.push('a timer runs');
    if (this.#listeners > 0) faults.push('the signal has a listener');
    if (ws.state !== 'closed' || ws.send('x')) faults.push('the state is not closed');
    if ((await ws.closed) !== this.ends[0]) faults.push('closed says something else');
    const opened = await ws.opened.then(
      () => true,
      () => false,
    );
    if (opened !== (ws.openEvent !== undefined)) faults.push('opened is wrong');
    return faults;
  }
}

/** Lets the peers and the timers of a moment have their turn. */
async function turn(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2));
  clock.advance(0);
}

/** What holds up the rest, and is released when the first has been told. */
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
 * @param expected what the table has; it decides how long to wait, and nothing else
 * @returns what came of it, in the words of the table
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

/** The two parts of what is expected, before and after the release. */
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

/** The same, by the owner of a socket that no adapter has yet. */
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

function why({ code, clean, explanation }: EndEvent): string {
  const { error, cause } = explanation;
  if (clean) return '';
  if (error !== undefined && !(error instanceof HandshakeError && error.rule === 'handshake-interrupted'))
    return `: ${error.rule}`;
  return code === 1006 || cause !== undefined ? `: ${causeOf(cause)}` : '';
}
