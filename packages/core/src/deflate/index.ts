/** permessage-deflate (RFC 7692) over any synchronous DEFLATE engine. */

import { checkNames, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import type { MessageExtension } from './extension.ts';
import { acceptDeflate, confirmDeflate, type DeflateAgreement, type DeflateRequest, offerDeflate } from './offer.ts';
import { type DeflateEngine, DeflateTransform } from './transform.ts';

export type { MessageExtension, MessageTransform, NegotiatedExtension } from './extension.ts';
export {
  acceptDeflate,
  confirmDeflate,
  type DeflateAgreement,
  type DeflateRequest,
  offerDeflate,
  PERMESSAGE_DEFLATE,
} from './offer.ts';
export {
  type DeflateEngine,
  type Deflater,
  type DeflaterOptions,
  DeflateTransform,
  type Inflater,
  type InflaterOptions,
  type TransformOptions,
} from './transform.ts';

/**
 * The options of permessage-deflate. A connection that compresses needs this memory from the first compressed message of
 * each direction on:
 *
 * | | window and tables | with the defaults |
 * |---|---|---|
 * | sending | 2^(windowBits + 2) + 2^(memLevel + 9) bytes | client 256 KiB, server 32 KiB |
 * | receiving | 2^windowBits bytes, and 7 KiB | 39 KiB; with Node's zlib, which needs the window twice, 71 KiB |
 */
export interface DeflateOptions extends DeflateRequest {
  /** The level of compression, from 0 (none) to 9 (best and slowest). Default: 6. */
  readonly level?: number | undefined;
  /** The memory for the tables of the compressor, from 1 to 9. Default: 8 on a client, 5 on a server. */
  readonly memLevel?: number | undefined;
  /**
   * The length in bytes from which on messages are compressed, unless `send` is given `compress`. Default: 1,024, but 0 if
   * the window is kept between messages, since even short messages become shorter then.
   */
  readonly threshold?: number | undefined;
}

/**
 * Returns the extension for the option `compression` of a connection.
 *
 * @throws {TypeError | RangeError} when an option is not valid or unknown
 * @example
 * ```ts
 * import { pako } from '@sockless/deflate';
 * const connection = Connection.client(url, { compression: permessageDeflate(pako) });
 * ```
 */
export function permessageDeflate(engine: DeflateEngine, options: DeflateOptions = {}): MessageExtension {
  const { createDeflater, createInflater } = Object(engine) as Partial<DeflateEngine>;
  if (typeof createDeflater !== 'function' || typeof createInflater !== 'function') {
    throw new TypeError(`permessageDeflate: an engine, such as pako of @sockless/deflate, not ${shown(engine)}`);
  }
  checkNames(options, DEFLATE_OPTIONS, 'compression');
  whole('level', options.level ?? 6, 0, 9);
  whole('memLevel', options.memLevel ?? 8, 1, 9);
  whole('threshold', options.threshold ?? 0, 0, Number.MAX_SAFE_INTEGER);
  // With a window of 2^12 and memLevel 5, a server needs an eighth of the memory, and sends about 1 % more bytes.
  const asServer: DeflateRequest = { serverMaxWindowBits: 12, ...options };
  const offered = offerDeflate(options);

  const transform = (role: 'client' | 'server', agreement: DeflateAgreement): DeflateTransform => {
    const forgets = role === 'client' ? agreement.clientNoContextTakeover : agreement.serverNoContextTakeover;
    return new DeflateTransform(role, agreement, engine, {
      level: options.level ?? 6,
      memLevel: options.memLevel ?? (role === 'client' ? 8 : 5),
      threshold: options.threshold ?? (forgets ? 1024 : 0),
    });
  };
  return {
    offer: () => [offered],
    accept(offers) {
      const accepted = acceptDeflate(offers, asServer);
      return accepted && { extension: accepted.extension, transform: transform('server', accepted.agreement) };
    },
    confirm(answer) {
      const agreement = confirmDeflate(offered, answer);
      const [extension] = answer;
      return agreement && extension && { extension, transform: transform('client', agreement) };
    },
  };
}

const DEFLATE_OPTIONS: Names<DeflateOptions> = {
  level: true,
  memLevel: true,
  threshold: true,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: true,
  clientMaxWindowBits: true,
};

function whole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${name}: a whole number from ${least} to ${most}, not ${shown(value)}`);
  }
}
