// What is used of the simulation elsewhere.
export type { Subject } from './subject.ts';
export { type Outcome, simulate } from './world.ts';
