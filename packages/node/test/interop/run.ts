// Registers the exchanges with a peer, in every role that it has.

import type { Bench } from '../support.ts';
import { deferred, within } from '../support.ts';
import { EXCHANGES, OFFERED, Ours, type Peer, type PeerClose, SPOKEN } from './exchanges.ts';

type Register = (title: string, body: (bench: Bench) => Promise<void>) => void;

/** The peers that have been started, each once, when its first test runs. */
export interface Running {
  peer(): Promise<Peer>;
  stop(): Promise<void>;
}

export function once(start: () => Peer | Promise<Peer>): Running {
  let running: Promise<Peer> | undefined;
  return {
    peer() {
      running ??= Promise.resolve(start());
      return running;
    },
    async stop() {
      await (await running)?.stop();
    },
  };
}

/** The description of a peer before it is started. */
export interface Description {
  readonly name: string;
  readonly abilities: readonly string[];
}

/** A peer connects to our server. */
export function exchangeAsServer(test: Register, { name, abilities }: Description, { peer }: Running): void {
  for (const { title, needs, run } of EXCHANGES) {
    if (needs !== undefined && !abilities.includes(needs)) continue;
    test(`${name} → our server: ${title}`, async (bench) => {
      const theirs = await peer();
      const ours = new Ours();
      const server = await bench.serve(ours.handlers, { subprotocols: SPOKEN, origins: LOCAL });
      const theirClose = await theirs.connect?.(server.url);
      if (theirClose === undefined) throw new Error(`${name} is not a client`);
      const { closed } = theirClose;
      await ours.expect('open');
      await run(ours, closed);
    });
  }
}

/** Returns the origin of a browser's page. */
const LOCAL = ['http://127.0.0.1:*'];

/** Connects to a server of the peer. */
export function exchangeAsClient(test: Register, { name, abilities }: Description, { peer }: Running): void {
  const url = deferred<string>();
  let listening = false;
  for (const { title, needs, run } of EXCHANGES) {
    if (needs !== undefined && !abilities.includes(needs)) continue;
    test(`our client → ${name}: ${title}`, async (bench) => {
      const theirs = await peer();
      if (!listening) url.resolve((await theirs.listen?.()) as string);
      listening = true;
      const ours = new Ours();
      const closed = theirs.closed?.() as Promise<PeerClose>;
      const ws = bench.connect(await url.promise, ours.handlers, { subprotocols: OFFERED });
      await ours.expect('open');
      await run(ours, closed);
      ws.close();
      await within(30_000, 'its end', closed);
    });
  }
}
