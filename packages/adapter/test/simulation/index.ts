// The parts of the simulation that are used elsewhere.
export type { Subject } from './subject.ts';
export { type Outcome, simulate } from './world.ts';
