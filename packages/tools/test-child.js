// Runs one test file with uvu, whose own command takes a folder, and waits for whatever the tests have left open.
import { join } from 'node:path';
import { run } from 'uvu/run';

const PATIENCE = 5000; // milliseconds
const [root = '', path = ''] = process.argv.slice(2);

await run([{ name: path, file: join(root, path) }]);
setTimeout(() => {
  console.log(`\nStill open after the last test: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, PATIENCE).unref();
