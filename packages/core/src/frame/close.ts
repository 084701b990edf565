/** Close codes and the payload of a Close frame (RFC 6455 5.5.1 and 7.4). */

import { shown } from '../printable.ts';
import { ProtocolError } from '../rules.ts';
import { encodeUtf8 } from '../text/encode.ts';
import { decodeUtf8 } from '../text/utf8.ts';
import { MAX_CONTROL_PAYLOAD } from './header.ts';

/** The close codes that have a name (7.4.1, and the IANA registry of 11.7). */
export const CloseCode = {
  NormalClosure: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  /** Never sent: the Close frame had no code. */
  NoStatus: 1005,
  /** Never sent: the transport ended before a Close frame arrived. */
  AbnormalClosure: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
  /** Never sent: the TLS handshake failed. */
  TlsHandshake: 1015,
} as const;

/** The code and the reason of a Close frame. */
export interface CloseReason {
  /** The close code; 1005 when the frame has none. */
  readonly code: number;
  /** The reason, at most 123 bytes of UTF-8; empty when the frame has none. */
  readonly reason: string;
}

/**
 * Whether a Close frame may carry this code: 1000-1003, 1007-1014 and 3000-4999.
 *
 * @see RFC 6455 7.4.1, 7.4.2
 */
export function isCloseCode(code: number): boolean {
  // 7.4.1: 1005, 1006 and 1015 are "a reserved value and MUST NOT be set as a status code in a Close control frame".
  // 7.4.2: "Status codes in the range 0-999 are not used."
  // 7.4.2: 1000-2999 "are reserved for definition by this protocol, its future revisions, and extensions".
  return (
    Number.isInteger(code) &&
    ((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999))
  );
}

/** The longest reason of a Close frame, in bytes of UTF-8: the payload of a control frame without the code. */
export const MAX_CLOSE_REASON: number = MAX_CONTROL_PAYLOAD - 2;

/**
 * Returns the payload of a Close frame as new bytes, none when `code` is undefined.
 *
 * @throws {RangeError} when the code may not be sent or the reason is longer than 123 bytes of UTF-8
 * @throws {TypeError} when the reason is not a string
 * @see RFC 6455 5.5.1
 */
export function encodeClosePayload(code?: number, reason = ''): Uint8Array {
  if (typeof reason !== 'string') throw new TypeError(`the reason of a Close frame is a string, not ${shown(reason)}`);
  if (code === undefined) {
    if (reason !== '') {
      throw new RangeError('a Close frame with a reason needs a code too, such as 1000 (RFC 6455 section 5.5.1)');
    }
    return new Uint8Array(0);
  }
  if (!isCloseCode(code)) {
    throw new RangeError(
      `a Close frame cannot have the code ${shown(code)}; use 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 section 7.4)`,
    );
  }
  // A UTF-16 code unit is at most three bytes of UTF-8.
  const payload = new Uint8Array(2 + 3 * Math.min(reason.length, MAX_CLOSE_REASON + 1));
  payload[0] = code >> 8;
  payload[1] = code;
  const length = encodeUtf8(reason.slice(0, MAX_CLOSE_REASON + 1), payload, 2);
  if (length > MAX_CLOSE_REASON) {
    throw new RangeError(
      `the reason of a Close frame must not be longer than ${MAX_CLOSE_REASON} bytes of UTF-8 (RFC 6455 section 5.5)`,
    );
  }
  return payload.slice(0, 2 + length);
}

/**
 * Reads the payload of a Close frame.
 *
 * @throws {ProtocolError} `close-payload-length`, `close-code`, `close-reason-utf8`
 * @see RFC 6455 5.5.1
 */
export function decodeClosePayload(payload: Uint8Array): CloseReason {
  if (payload.length === 0) return { code: CloseCode.NoStatus, reason: '' };
  // 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer"
  if (payload.length === 1) throw new ProtocolError('close-payload-length');
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!isCloseCode(code)) throw new ProtocolError('close-code');
  // 5.5.1: "Following the 2-byte integer, the body MAY contain UTF-8-encoded data with value /reason/"
  const reason = decodeUtf8(payload, 2);
  if (reason === undefined) throw new ProtocolError('close-reason-utf8');
  return { code, reason };
}
