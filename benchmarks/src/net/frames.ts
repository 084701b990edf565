/** Frames encoded before the measurement (RFC 6455 5.2), and their expected echoes. */

/** Messages of the same size, one after the other. */
export interface Frames {
  /** The first n messages, by n, masked, to be sent in one write. */
  readonly masked: readonly Buffer[];
  /** The echo of all of them: unmasked, or unchanged. */
  readonly echo: Buffer;
  /** The length of one echo, in bytes. */
  readonly echoLength: number;
}

/**
 * Encodes `count` messages of `size` bytes of lower-case letters, each with a payload and a masking key of its own.
 *
 * @param unchanged whether the echo is the masked bytes that were sent, from a server that does not parse frames
 */
export function encodeFrames(opcode: number, size: number, count: number, unchanged = false): Frames {
  const head = frameHead(opcode, size, false);
  const maskedHead = frameHead(opcode, size, true);
  const maskedLength = maskedHead.length + 4 + size;
  const echoLength = head.length + size;
  const all = Buffer.alloc(count * maskedLength);
  const echo = Buffer.alloc(count * echoLength);
  for (let message = 0; message < count; message++) {
    const key = [0x37 + message, 0xfa, 0x21 ^ message, 0x3d].map((byte) => byte & 0xff);
    const at = message * maskedLength;
    all.set([...maskedHead, ...key], at);
    echo.set(head, message * echoLength);
    const payload = all.subarray(at + maskedHead.length + 4, at + maskedLength);
    const echoed = echo.subarray(message * echoLength + head.length);
    for (let i = 0; i < size; i++) {
      const letter = 97 + ((message + i) % 26);
      payload[i] = letter ^ (key[i & 3] as number);
      echoed[i] = letter;
    }
  }
  const masked = Array.from({ length: count + 1 }, (_, messages) => all.subarray(0, messages * maskedLength));
  return unchanged ? { masked, echo: all, echoLength: maskedLength } : { masked, echo, echoLength };
}

/** Returns the head of a final frame up to its masking key, with the length in the fewest bytes. */
export function frameHead(opcode: number, size: number, masked: boolean, final = true): Buffer {
  const bit = masked ? 0x80 : 0;
  const first = (final ? 0x80 : 0) | opcode;
  if (size < 126) return Buffer.from([first, bit | size]);
  if (size < 65_536) return Buffer.from([first, bit | 126, size >> 8, size & 0xff]);
  const head = Buffer.alloc(10);
  head.set([first, bit | 127]);
  head.writeBigUInt64BE(BigInt(size), 2);
  return head;
}

/**
 * Returns a Pong frame, masked with zeros, for each Ping frame of a server.
 *
 * @throws {Error} when there is another frame or an incomplete one
 */
export function pongsTo(pings: Uint8Array): Buffer[] {
  const pongs: Buffer[] = [];
  for (let at = 0; at < pings.length; ) {
    const length = pings[at + 1] as number;
    const end = at + 2 + length;
    if (pings[at] !== 0x89 || !(length < 126 && end <= pings.length)) throw new Error('this is no Ping frame');
    pongs.push(Buffer.from([0x8a, 0x80 | length, 0, 0, 0, 0, ...pings.subarray(at + 2, end)]));
    at = end;
  }
  return pongs;
}
