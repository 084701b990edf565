// npm's ws, in both roles.
import { suite } from '../support.ts';
import { startWs } from './peers.ts';
import { exchangeAsClient, exchangeAsServer, once } from './run.ts';

const test = suite('interop: ws', 20_000);
const running = once(startWs);
const ws = { name: 'ws', abilities: ['ping', 'fragment'] };

exchangeAsServer(test, ws, running);
exchangeAsClient(test, ws, running);
test.after(() => running.stop());
test.run();
