/**
 * Client-to-server masking (RFC 6455 5.3).
 *
 *     j                   = i MOD 4
 *     transformed-octet-i = original-octet-i XOR masking-key-octet-j
 */
import { maskBlindly, rotateKey } from '../simd.ts';

/**
 * Masks or unmasks `bytes[start]` to `bytes[end - 1]` in place and returns the phase for the byte after them.
 *
 * @param key the masking key as a 32-bit integer, its first byte in the most significant place
 * @param phase the byte of the key, 0 to 3, that masks `bytes[start]`; 0 at the beginning of a payload
 * @see RFC 6455 5.3
 */
export function applyMask(bytes: Uint8Array, key: number, phase = 0, start = 0, end: number = bytes.length): number {
  maskBlindly(bytes, start, end, rotateKey(key, phase));
  return (phase + end - start) & 3;
}
