/**
 * Client-to-server masking (RFC 6455 5.3).
 *
 *     j                   = i MOD 4
 *     transformed-octet-i = original-octet-i XOR masking-key-octet-j
 */
import { maskBlindly, rotateKey } from '../simd.ts';

/**
 * Masks or unmasks `bytes[start]` to `bytes[end - 1]` in place and returns the phase of the byte that would follow.
 *
 * @param key the masking key as a 32-bit integer, its first byte in the most significant place
 * @param phase which byte of the key, 0 to 3, belongs to `bytes[start]`: 0 at the beginning of a payload
 * @see RFC 6455 5.3
 */
export function applyMask(bytes: Uint8Array, key: number, phase = 0, start = 0, end: number = bytes.length): number {
  maskBlindly(bytes, start, end, rotateKey(key, phase));
  return (phase + end - start) & 3;
}
