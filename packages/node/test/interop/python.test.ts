// Debian's python3-websockets, in both roles.
import { debianTool } from '../../../tools/testing.ts';
import { suite } from '../support.ts';
import { startPython } from './peers.ts';
import { exchangeAsClient, exchangeAsServer, once } from './run.ts';

const test = suite('interop: python3-websockets', 20_000);
const tool = debianTool('python3-websockets');
const running = once(startPython);
const python = { name: 'python3-websockets', abilities: ['ping', 'fragment'] };

exchangeAsServer(tool.test(test), python, running);
exchangeAsClient(tool.test(test), python, running);
test.after(() => running.stop());
test.run();
