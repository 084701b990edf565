#!/usr/bin/env node
/** Starts the command `sockless-fuzz`. */
import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));
