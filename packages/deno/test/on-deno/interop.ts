/** Deno's own server (`Deno.serve` with `Deno.upgradeWebSocket`), and our client. */
import { type Peer, type PeerClose, SPOKEN } from '../../../node/test/interop/exchanges.ts';
import { exchangeAsClient, once } from '../../../node/test/interop/run.ts';
import { suite } from '../../../node/test/support.ts';

/** The peer as exchanges.ts requires it. */
function startDeno(): Peer {
  const closes: PeerClose[] = [];
  const waiting: ((close: PeerClose) => void)[] = [];
  const serve = (request: Request): Response => {
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: SPOKEN[0] });
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      const [command, argument, reason = ''] = typeof data === 'string' ? data.split(/ (.*?)(?: (.*))?$/s) : [];
      // On this side Deno reports an empty subprotocol.
      if (command === '!subprotocol') socket.send(socket.protocol || (SPOKEN[0] as string));
      else if (command === '!close') socket.close(Number(argument), reason);
      else socket.send(data);
    };
    socket.onclose = ({ code, reason }) => {
      const next = waiting.shift();
      if (next === undefined) closes.push({ code, reason });
      else next({ code, reason });
    };
    return response;
  };
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  return {
    name: 'Deno.upgradeWebSocket',
    can: new Set(),
    listen() {
      server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => undefined }, serve);
      return Promise.resolve(`ws://127.0.0.1:${server.addr.port}/`);
    },
    closed: () => {
      const close = closes.shift();
      return close === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(close);
    },
    stop: () => server?.shutdown(),
  };
}

const test = suite('interop: Deno.upgradeWebSocket', 20_000);
const running = once(startDeno);
exchangeAsClient(test, { name: 'Deno.upgradeWebSocket', abilities: [] }, running);
test.after(() => running.stop());
test.run();
