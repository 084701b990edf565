// The clock of `@sockless/adapter/testing`, from its source.
export { VirtualClock } from '../../adapter/src/testing/virtual-clock.ts';
