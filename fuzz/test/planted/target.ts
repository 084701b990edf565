/** The target of the planted bugs; SOCKLESS_PLANTED names one. */
import { receiveTarget } from '../../src/index.ts';
import type { Planted } from './receiver.ts';
import { lazySubject } from './subject.ts';

export const target = receiveTarget('server', lazySubject(process.env.SOCKLESS_PLANTED as Planted | undefined));
