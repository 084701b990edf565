/** All cases, family by family. */
import { type Case, familyOf } from '../case.ts';
import { masking, reserved } from './bits.ts';
import { close } from './close.ts';
import { control } from './control.ts';
import { deflate } from './deflate.ts';
import { echo } from './echo.ts';
import { fragmentation } from './fragmentation.ts';
import { framing } from './framing.ts';
import { handshakeClient } from './handshake-client.ts';
import { handshakeServer } from './handshake-server.ts';
import { limits } from './limits.ts';
import { negotiation } from './negotiation.ts';
import { text8 } from './utf8.ts';

const FAMILIES = [
  framing,
  masking,
  reserved,
  control,
  fragmentation,
  text8,
  close,
  handshakeServer,
  handshakeClient,
  negotiation,
  deflate,
  limits,
  echo,
];

let all: readonly Case[] | undefined;

/** Returns all cases; the same array each time. */
export function allCases(): readonly Case[] {
  all ??= FAMILIES.flatMap((family) => family());
  return all;
}

/** Returns the number of cases in each family. */
export function countFamilies(cases: readonly Case[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of cases) counts.set(familyOf(item), (counts.get(familyOf(item)) ?? 0) + 1);
  return counts;
}
