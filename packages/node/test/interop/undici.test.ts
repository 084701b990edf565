// undici's WebSocket, and Node's own where there is one: as clients.
import { suite } from '../support.ts';
import { NodeWebSocket, startStandard, startUndici } from './peers.ts';
import { exchangeAsServer, once } from './run.ts';

const test = suite('interop: undici', 20_000);

exchangeAsServer(test, { name: 'undici', abilities: [] }, once(startUndici));
if (NodeWebSocket !== undefined) {
  const own = NodeWebSocket;
  exchangeAsServer(
    test,
    { name: 'Node', abilities: [] },
    once(() => startStandard('Node', own)),
  );
}
test.run();
