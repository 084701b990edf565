/** Cases that sockless fails because of the runtime below it. Each must still fail: a row that has become wrong is a failure. */
import type { Result } from '../../src/index.ts';
import type { Subject } from './subjects.ts';

interface Known {
  readonly subject: string;
  readonly id: string;
  readonly why: string;
}

export const KNOWN: readonly Known[] = [
  {
    subject: 'node',
    id: 'server/handshake/tab-after-connection',
    why: "Node's HTTP parser does not see the token Upgrade when a tab is behind it (RFC 9110 5.5), and reports an ordinary request",
  },
];

export function isKnown({ name }: Subject, { case: { id }, verdict }: Result): boolean {
  return verdict === 'fail' && KNOWN.some((known) => known.subject === name && known.id === id);
}
