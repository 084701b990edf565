/** What the address of the playground says: `#to=server&hex=81+85…`, as the pages of the rules link to it. */
import type { Circumstances } from './decode.ts';

/** What the playground shows: bytes as somebody wrote them, and whose they are. */
export interface Shown extends Circumstances {
  readonly hex: string;
}

/** Returns the fragment of an address, without its "#". */
export function toFragment({ role, compression, hex }: Shown): string {
  const digits = hex.replace(/\s+/g, ' ').trim();
  return new URLSearchParams({ to: role, ...(compression && { deflate: '1' }), hex: digits }).toString();
}

/** Returns what a fragment says, if it has bytes. */
export function fromFragment(fragment: string): Shown | undefined {
  const facts = new URLSearchParams(fragment);
  const hex = facts.get('hex');
  if (hex === null) return undefined;
  return { role: facts.get('to') === 'client' ? 'client' : 'server', compression: facts.has('deflate'), hex };
}
