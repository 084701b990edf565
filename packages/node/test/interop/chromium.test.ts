// Debian's Chromium, as a client.
import { debianTool } from '../../../tools/testing.ts';
import { suite } from '../support.ts';
import { startChromium } from './peers.ts';
import { exchangeAsServer, once } from './run.ts';

const test = suite('interop: chromium', 30_000);
const tool = debianTool('chromium');
const running = once(startChromium);

exchangeAsServer(tool.test(test), { name: 'chromium', abilities: [] }, running);
test.after(() => running.stop());
test.run();
