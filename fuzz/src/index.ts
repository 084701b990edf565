/** Fuzz targets for implementations of RFC 6455. The command `sockless-fuzz` runs them; any other fuzzer can, too. */
export { receiveTarget } from './receive/receive.ts';
export type { Has, Outcome, ReceivedEvent, Role, Setting, Subject } from './receive/subject.ts';
export { holds, type Rule, same, type Target, typed, Violation } from './target.ts';
