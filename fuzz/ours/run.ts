/** Starts the command `npm run fuzz`. */
import { main } from '../src/main.ts';
import { OURS } from './command.ts';

process.exitCode = await main(process.argv.slice(2), OURS);
