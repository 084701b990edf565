// The clock that those who write an adapter of their own have as well.
export { VirtualClock } from '@sockless/adapter/testing';
