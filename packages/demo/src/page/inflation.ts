/** permessage-deflate for an observer: decompresses the messages of one connection (RFC 7692). */
import { Opcode } from '@sockless/core';
import {
  confirmDeflate,
  type DeflateAgreement,
  DeflateTransform,
  type MessageTransform,
  PERMESSAGE_DEFLATE,
} from '@sockless/core/deflate';
import { type FrameHeader, RSV1 } from '@sockless/core/frame';
import { type Extension, parseExtensions } from '@sockless/core/handshake';
import { pako } from '@sockless/deflate';
import type { Direction } from '../protocol.ts';

/** How many decompressed bytes of a frame are kept for display. */
const MAX_SHOWN = 16_384;

/** The number of bytes on the wire, and of decompressed bytes. */
export interface Sizes {
  packed: number;
  inflated: number;
}

/** A frame of a compressed message. */
export interface Inflated {
  /** The decompressed payload, without the end of a long one; empty if there is a `problem`. */
  readonly bytes: Uint8Array;
  readonly frame: Readonly<Sizes>;
  /** The sizes of the message so far. */
  readonly message: Readonly<Sizes>;
  /** Why this frame is not decompressed; empty if it is. */
  readonly problem: string;
}

/** The state for decompressing one direction of a connection. */
export interface Inflater {
  /** The reserved bits in use: RSV1 once compression was agreed on. */
  readonly rsv: number;
  /** Takes the next frame; returns `undefined` if it does not belong to a compressed message. `payload` is unmasked. */
  take(header: FrameHeader, payload: Uint8Array): Inflated | undefined;
}

/** Both directions of one connection. */
export class Inflation implements Readonly<Record<Direction, Inflater>> {
  readonly up = new DirectionInflater('server');
  readonly down = new DirectionInflater('client');
  #request = '';

  /** Takes the head of the request, then the head of the response. */
  handshake(direction: Direction, head: string): void {
    if (direction === 'up') this.#request = head;
    else {
      const agreement = readAgreement(this.#request, head);
      for (const inflater of [this.up, this.down]) inflater.agreement = agreement;
    }
  }

  /** Reports that frames of unknown direction are missing. */
  dropped(): void {
    for (const inflater of [this.up, this.down]) inflater.dropped();
  }
}

/** Returns the agreement from the heads of the handshake; `undefined` if nothing will be compressed. */
export function readAgreement(request: string, response: string): DeflateAgreement | undefined {
  if (!response.startsWith('HTTP/1.1 101 ')) return undefined;
  for (const offer of extensions(request)) {
    if (offer.name !== PERMESSAGE_DEFLATE) continue;
    try {
      return confirmDeflate(offer, extensions(response));
    } catch {
      // The response answers another offer or none, and the browser will fail the connection.
    }
  }
  return undefined;
}

function extensions(head: string): readonly Extension[] {
  const values = [...head.matchAll(/^sec-websocket-extensions:(.*)$/gim)].map(([, value = '']) => value.trim());
  return parseExtensions(values.join(', ')) ?? [];
}

class DirectionInflater implements Inflater {
  agreement: DeflateAgreement | undefined = undefined;
  /** The receiver in this direction. */
  readonly #role: 'client' | 'server';
  #transform: MessageTransform | undefined = undefined;
  #compressed = false;
  #message: Sizes = { packed: 0, inflated: 0 };
  #problem = '';

  constructor(role: 'client' | 'server') {
    this.#role = role;
  }

  get rsv(): number {
    return this.agreement === undefined ? 0 : RSV1;
  }

  take({ opcode, rsv, final, length }: FrameHeader, payload: Uint8Array): Inflated | undefined {
    if (this.agreement === undefined || opcode >= Opcode.Close) return undefined;
    if (opcode !== Opcode.Continuation) this.#begin(this.agreement, (rsv & RSV1) !== 0);
    if (!this.#compressed) return undefined;
    const missing = payload.length < length;
    if (missing) this.#lose(`only ${payload.length} of the ${length} bytes of a compressed frame were mirrored`);
    const { bytes, inflated } = this.#inflate(this.agreement, payload, final);
    this.#message = { packed: this.#message.packed + length, inflated: this.#message.inflated + inflated };
    return { bytes, frame: { packed: length, inflated }, message: this.#message, problem: this.#problem };
  }

  dropped(): void {
    if (this.agreement === undefined) return;
    this.#lose('frames were left out, and the window of the compression with them');
    // Possibly in the middle of a message, and it is not known whether that is compressed.
    this.#compressed = true;
  }

  #begin(agreement: DeflateAgreement, compressed: boolean): void {
    const { clientNoContextTakeover, serverNoContextTakeover } = agreement;
    this.#compressed = compressed;
    this.#message = { packed: 0, inflated: 0 };
    // 7.2.1: without context takeover, each message begins "with an empty LZ77 sliding window", so nothing is lost.
    if (this.#role === 'server' ? clientNoContextTakeover : serverNoContextTakeover) this.#problem = '';
  }

  /** Gives up this direction, except for messages that do not need the window. */
  #lose(problem: string): void {
    this.#problem ||= problem;
    this.#transform?.close();
    this.#transform = undefined;
  }

  #inflate(agreement: DeflateAgreement, payload: Uint8Array, final: boolean): { bytes: Uint8Array; inflated: number } {
    let shown = new Uint8Array(0);
    let inflated = 0;
    if (this.#problem !== '') return { bytes: shown, inflated };
    this.#transform ??= new DeflateTransform(this.#role, agreement, pako, { level: 0, memLevel: 1, threshold: 0 });
    try {
      this.#transform.write(payload);
      for (let piece = this.#transform.read(); piece !== undefined; piece = this.#transform.read()) {
        const more = piece.subarray(0, MAX_SHOWN - shown.length);
        const joined = new Uint8Array(shown.length + more.length);
        joined.set(shown);
        joined.set(more, shown.length);
        shown = joined;
        inflated += piece.length;
      }
      if (final) this.#transform.finish();
    } catch {
      this.#lose('a payload is not what RFC 7692 makes of a message');
      return { bytes: new Uint8Array(0), inflated: 0 };
    }
    return { bytes: shown, inflated };
  }
}

/** Formats the compressed size in relation to the original: `34 %`. */
export function ratio({ packed, inflated }: Readonly<Sizes>): string {
  const percent = (100 * packed) / inflated;
  return inflated === 0 ? '' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
