// undici's WebSocket, and the host's own if it has one: as clients.
import { suite } from '../support.ts';
import { OwnWebSocket, startStandard, startUndici } from './peers.ts';
import { exchangeAsServer, once } from './run.ts';

const test = suite('interop: undici', 20_000);

exchangeAsServer(test, { name: 'undici', abilities: [] }, once(startUndici));
if (OwnWebSocket !== undefined) {
  const own = OwnWebSocket;
  const name = 'Deno' in globalThis ? 'Deno' : 'Node';
  exchangeAsServer(
    test,
    { name, abilities: [] },
    once(() => startStandard(name, own)),
  );
}
test.run();
