/**
 * The names of the options and handlers of adapters. Any other name is a mistake of the application, which is reported
 * before anything has changed.
 */
import {
  CLIENT_OPTIONS,
  type ClientOptions,
  checkNames,
  type Names,
  SERVER_OPTIONS,
  type ServerOptions,
} from '@sockless/core';
import { SERVER_BOUNDS, type ServerBounds } from './bounds.ts';
import type { ReconnectingOptions, ReconnectPolicy } from './client.ts';
import type { Handlers } from './handlers.ts';
import type { AdapterOptions } from './scope.ts';

/** The names of {@link AdapterOptions}. */
export const ADAPTER_OPTIONS: Names<AdapterOptions> = { highWaterMark: true, clock: true };

/** The names of the options of a client that are the same on every host. */
export const RECONNECTING_OPTIONS: Names<ReconnectingOptions> = {
  ...CLIENT_OPTIONS,
  ...ADAPTER_OPTIONS,
  signal: true,
  reconnect: true,
};

/** The names of the options of a server that are the same on every host. */
export const SERVED_OPTIONS: Names<ServerOptions & AdapterOptions & ServerBounds> = {
  ...SERVER_OPTIONS,
  ...ADAPTER_OPTIONS,
  ...SERVER_BOUNDS,
};

const RECONNECT_POLICY: Names<ReconnectPolicy> = {
  base: true,
  factor: true,
  cap: true,
  attempts: true,
  stableAfter: true,
  messages: true,
  when: true,
  refusals: true,
  maxRetryAfter: true,
  onRetry: true,
};

const CLIENT_ERRORS = /^4\d\d$/;

const HANDLERS: Names<Handlers> = {
  request: true,
  open: true,
  message: true,
  fragment: true,
  ping: true,
  pong: true,
  close: true,
  fail: true,
  end: true,
  drain: true,
  error: true,
};

/** Returns the options that belong to core. */
export function clientOptions(options: ReconnectingOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(CLIENT_OPTIONS, name)));
}

/**
 * @throws {TypeError} when a handler is not a function, or a plain object has another name; an instance of a class may
 * have other members
 */
export function checkHandlers(handlers: object): void {
  const prototype: unknown = Object.getPrototypeOf(Object(handlers));
  const isPlain = typeof handlers !== 'object' || prototype === Object.prototype || prototype === null;
  if (isPlain || Array.isArray(handlers)) checkNames(handlers, HANDLERS, 'handlers', 'handler');
  for (const name of Object.keys(HANDLERS)) {
    const handler: unknown = (handlers as Record<string, unknown>)[name];
    if (handler !== undefined && typeof handler !== 'function') {
      throw new TypeError(`handlers.${name}: a function, not ${typeof handler}`);
    }
  }
}

/** How messages are delivered: an option of core, or what core has made of it. */
export interface Delivered {
  readonly messages?: unknown;
  readonly fragments?: unknown;
}

/** @throws {TypeError} when messages would be delivered in fragments, and there is no handler for these */
export function checkFragments({ fragment }: Handlers<never>, { messages, fragments }: Delivered): void {
  if (fragment !== undefined || !(messages === 'fragments' || fragments === true)) return;
  throw new TypeError(
    "messages: 'fragments' needs a fragment handler, because a message handler or a loop gets whole messages only",
  );
}

/** @throws {TypeError} when an option of the policy is unknown or of another type */
export function checkPolicy(policy: ReconnectPolicy): void {
  checkNames(policy, RECONNECT_POLICY, 'reconnect');
  const { messages = 'keep' } = policy;
  if (messages !== 'keep' && messages !== 'drop') throw new TypeError("reconnect.messages: 'keep' or 'drop'");
  for (const name of ['when', 'onRetry'] as const) {
    const value: unknown = policy[name];
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`reconnect.${name}: a function, not ${typeof value}`);
    }
  }
  const { refusals = [], maxRetryAfter = 0, when } = policy;
  const areStatuses = Array.isArray(refusals) && refusals.every((status) => CLIENT_ERRORS.test(String(status)));
  if (!areStatuses) throw new TypeError('reconnect.refusals: a list of statuses from 400 to 499');
  if (when !== undefined && policy.refusals !== undefined) {
    throw new TypeError('reconnect.refusals: not together with `when`, which decides alone');
  }
  if (!(typeof maxRetryAfter === 'number' && maxRetryAfter >= 0)) {
    throw new RangeError(`reconnect.maxRetryAfter: a number of milliseconds from 0, not ${maxRetryAfter}`);
  }
}
