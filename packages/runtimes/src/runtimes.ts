/** All runtimes, in the order of the table. */
import { CHROMIUMS } from './chromium.ts';
import { PROGRAMS } from './programs.ts';
import { QUICKJS } from './quickjs.ts';
import type { Runtime } from './runtime.ts';
import { WORKERDS } from './workerd.ts';

/** Each runtime is a row. */
export const RUNTIMES: readonly Runtime[] = [...PROGRAMS, ...WORKERDS, ...CHROMIUMS, QUICKJS];
