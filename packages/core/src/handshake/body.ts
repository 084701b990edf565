/** The body of a response (RFC 9112 6.3, 7.1): where it ends, and how it is decoded. */
import { MessageBuffer } from '../receive/message-buffer.ts';
import { fieldValue, listIncludes } from './fields.ts';
import { latin1 } from './head-reader.ts';
import type { ResponseHead } from './http1.ts';

const LF = 0x0a;

/** Returns where the body of a response ends (RFC 9112 6.3): after a number of bytes, at its last chunk, or with the transport. */
export function bodyFraming(head: ResponseHead): number | 'chunked' | 'until-end' {
  if (head.status < 200 || head.status === 204 || head.status === 304) return 0;
  if (listIncludes(fieldValue(head.headers, 'transfer-encoding'), 'chunked')) return 'chunked';
  const length = fieldValue(head.headers, 'content-length');
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : 'until-end';
}

/** Decodes a body in chunked transfer coding (RFC 9112 7.1) as it arrives. A malformed chunk ends the body. */
export class ChunkedBody {
  readonly #body = new MessageBuffer();
  #at = 0;
  #left = 0;
  #complete = false;

  /** Whether the body has ended. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Decodes more of the body. `bytes` must be all bytes since the beginning of the body, so it begins as in the call before. */
  read(bytes: Uint8Array): void {
    while (!this.#complete) {
      const end = Math.min(this.#at + this.#left, bytes.length);
      if (end > this.#at) {
        this.#body.append(bytes, this.#at, end);
        this.#left -= end - this.#at;
        this.#at = end;
        if (this.#left > 0) return;
        this.#at += 2;
      }
      const lineEnd = bytes.indexOf(LF, this.#at);
      if (lineEnd === -1) {
        this.#complete = bytes.length - this.#at > MAX_CHUNK_LINE;
        return;
      }
      const line = /^[0-9a-f]{1,8}[ \t]*(?:;.*)?\r$/i.exec(latin1(bytes, this.#at, lineEnd));
      this.#left = Number.parseInt(line?.[0] ?? '0', 16);
      this.#complete = this.#left === 0;
      this.#at = lineEnd + 1;
      if (this.#at === bytes.length) return;
    }
  }

  /** Returns the bytes decoded so far. */
  take(): Uint8Array {
    return this.#body.take();
  }
}

/** The longest line before a chunk, in bytes. */
const MAX_CHUNK_LINE = 1024;
