/** The generated parts of BENCHMARKS.md, from the results of one run or several. */
import { isWide } from './method.ts';
import { formatRatio, type Result } from './result.ts';
import type { Metric, Row } from './suite.ts';

const OURS = 'sockless';

/** The echoes and broadcasts whose share of the limit is shown. */
export const SHARES: readonly (readonly [suite: string, name: string])[] = [
  ['echo', '16 B, 1 × 64'],
  ['echo', '16 B, 50 × 1'],
  ['echo', '16 B, 50 × 16'],
  ['echo', '1 KiB, 50 × 16'],
  ['echo', '4 KiB, 50 × 16'],
  ['echo', '64 KiB, 50 × 1'],
  ['echo', '1 MiB, 50 × 1'],
  ['broadcast', 'text, 1 KiB'],
  ['broadcast', 'binary, 16 KiB'],
];

/** The peers beside which it is shown. */
const SHARING = ['ws', 'ws + bufferutil', 'crossws'];

/** The fixed rates at which round trips are shown. */
export const ROUND_TRIPS = ['16 B', '1 KiB', '64 KiB'].map((size) => {
  const rate = size === '64 KiB' ? '500' : '10,000';
  return `${size}, 50 connections, ${rate} a second`;
});

/** What programs do: a label, and the case that measures it, with the first of ours unless another one is named. */
export const USES: readonly (readonly [label: string, suite: string, name: string, subject?: string])[] = [
  ['**server receives** text, 16 B', 'decode', 'masked text 16 B, coalesced'],
  ['text, 1 KiB', 'decode', 'masked text 1 KiB, coalesced'],
  ['CJK text, 1 KiB', 'decode', 'masked CJK text 1 KiB, coalesced'],
  ['text, 64 KiB', 'decode', 'masked text 64 KiB, coalesced'],
  ['binary, 64 KiB, cut into 1460 bytes', 'decode', 'masked binary 64 KiB, 1460-byte cuts'],
  ['**client receives** text, 1 KiB', 'decode', 'unmasked text 1 KiB, coalesced'],
  ['binary, 16 KiB, cut into 1460 bytes', 'decode', 'unmasked binary 16 KiB, 1460-byte cuts'],
  ['**server sends** text, 1 KiB', 'encode', 'unmasked text 1 KiB'],
  ['binary, 64 KiB', 'encode', 'unmasked binary 64 KiB'],
  ['binary, 64 KiB, lent', 'encode', 'unmasked binary 64 KiB', 'sockless, lending'],
  ['**client sends** text, 1 KiB', 'encode', 'masked text 1 KiB'],
  ['**compresses** 1 KiB', 'deflate', 'deflate 1 KiB'],
  ['**decompresses** 1 KiB', 'deflate', 'inflate 1 KiB'],
  ['**echoes** 16 B, 50 connections, 1 in flight', 'echo', '16 B, 50 × 1'],
  ['16 B, 50 connections, 16 in flight', 'echo', '16 B, 50 × 16'],
  ['64 KiB, 50 connections, 1 in flight', 'echo', '64 KiB, 50 × 1'],
  ['64 KiB, 50 connections, 4 in flight', 'echo', '64 KiB, 50 × 4'],
  ['**opens a connection**', 'connect', '32 at a time'],
  ['**10,000 idle connections**, heap', 'idle', '10,000 connections, heap above a bare socket'],
  ['**broadcasts** text, 1 KiB, to 2,000 connections', 'broadcast', 'text, 1 KiB'],
  ['CJK text, 16 KiB', 'broadcast', 'CJK text, 16 KiB'],
  ['text, 1 KiB, compressed', 'broadcast', 'text, 1 KiB, compressed'],
];

/** The columns of the table of uses, and the peers that fill each of them: the first that was measured. */
export const PEERS: readonly (readonly [column: string, peers: readonly string[]])[] = [
  ['`ws`', ['ws']],
  ['`ws` + `bufferutil`', ['ws + bufferutil']],
  ['`crossws`', ['crossws']],
  ['`websocket-driver`', ['websocket-driver']],
  ['`websocket`', ['websocket']],
  ['`undici`', ['undici 8', 'undici']],
  ['Bun', ['bun', 'bun, publish']],
  ['Deno', ['deno']],
];

/** Writes the generated parts into the document, each between its two comments. */
export function writeParts(document: string, results: readonly Result[]): string {
  const [first] = results;
  if (first === undefined) return document;
  const parts = {
    circumstances: results.map(circumstances).join('\n'),
    shares: shares(results),
    'round trips': roundTrips(first),
    uses: uses(first),
  };
  return Object.entries(parts).reduce((text, [name, part]) => replacePart(text, name, part), document);
}

/** @throws {SyntaxError} when the document lacks one of the comments */
function replacePart(document: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`];
  const [before, rest, ...more] = document.split(begin);
  const at = rest?.indexOf(end) ?? -1;
  if (rest === undefined || more.length > 0 || at < 0) {
    throw new SyntaxError(`the document must have ${begin.trim()} and ${end} once`);
  }
  return `${before}${begin}${part}\n${rest.slice(at)}`;
}

function circumstances({ node, revision, cpu, date, rows }: Result): string {
  const wide = rows.filter(isWide).length;
  const count = (value: number): string => value.toLocaleString('en');
  return `- ${nodeName(node)}: commit ${revision}, ${cpu}, ${date.slice(0, 10)}; ${count(wide)} of ${count(rows.length)} ratios are wide.`;
}

function shares(results: readonly Result[]): string {
  const [first] = results as readonly [Result];
  const columns = [
    ...results.map((result) => ({
      head: `sockless, ${nodeName(result.node)}`,
      result,
      peer: undefined as string | undefined,
    })),
    ...SHARING.map((peer) => ({
      head: `\`${peer.replace(' + ', '` + `')}\`, ${nodeName(first.node)}`,
      result: first,
      peer,
    })),
  ];
  const lines = SHARES.map(([suite, name]) => [
    `${suite === 'echo' ? '' : 'broadcast: '}${name}`,
    ...columns.map(({ result, peer }) =>
      ([undefined, 'processor'] as const).map((metric) => share(result, suite, name, metric, peer)).join(' · '),
    ),
  ]);
  return table(['throughput · processor time', ...columns.map(({ head }) => head)], lines);
}

/** Returns what part of the limit ours reaches, or a peer: the cost of the limit divided by its cost. */
function share(result: Result, suite: string, name: string, metric: Metric | undefined, peer?: string): string {
  const limit = result.suites.find((each) => each.name === suite)?.limit;
  const ours = find(result, suite, name, [limit ?? ''], metric);
  if (ours === undefined || peer === undefined) return cell(ours);
  const theirs = find(result, suite, name, [peer], metric);
  if (theirs === undefined) return cell(undefined);
  const wide = isWide(ours) || isWide(theirs) ? '~' : '';
  return formatRatio(ours.ratio / theirs.ratio) + wide;
}

/** The median, p99 and p99.9 in milliseconds, for the limit, ours, and each peer. */
function roundTrips(result: Result): string {
  const limit = result.suites.find((each) => each.name === 'latency')?.limit ?? '';
  const columns: readonly (readonly [string, readonly string[]])[] = [
    ['the limit', [limit]],
    ['sockless', [limit]],
    ...PEERS,
  ];
  const cells = columns.map(([head, peers]) =>
    ROUND_TRIPS.map((name) => {
      const values = ([undefined, 'p99', 'p99.9'] as const).map((metric) => {
        const row = find(result, 'latency', name, peers, metric);
        return head === 'sockless' ? row?.cost : row?.peerCost;
      });
      return values.includes(undefined) ? '–' : (values as number[]).map(milliseconds).join(' · ');
    }),
  );
  // A peer that is no server has no column.
  const shown = columns.flatMap((_, at) => (cells[at]?.some((text) => text !== '–') || at < 2 ? [at] : []));
  return table(
    ['median · p99 · p99.9, in ms', ...shown.map((at) => columns[at]?.[0] ?? '')],
    ROUND_TRIPS.map((name, line) => [name, ...shown.map((at) => cells[at]?.[line] ?? '–')]),
  );
}

function uses(result: Result): string {
  return table(
    ['what the program does', ...PEERS.map(([column]) => column)],
    USES.map(([label, suite, name, subject]) => [
      label,
      ...PEERS.map(([, peers]) => cell(find(result, suite, name, peers, undefined, subject))),
    ]),
  );
}

function find(
  { rows }: Result,
  suite: string,
  name: string,
  peers: readonly string[],
  metric: Metric | undefined,
  subject = OURS,
): Row | undefined {
  const found = rows.filter(
    (row) => row.suite === suite && row.case === name && row.subject === subject && row.metric === metric,
  );
  return peers.flatMap((peer) => found.find((row) => row.peer === peer) ?? []).at(0);
}

function cell(row: Row | undefined): string {
  return row === undefined ? '–' : formatRatio(row.ratio) + (isWide(row) ? '~' : '');
}

function nodeName(version: string): string {
  return `Node ${version.replace(/^v/, '').split('.')[0]}`;
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [row(head), `|${'---|'.repeat(head.length)}`, ...lines.map(row)].join('\n');
}

function milliseconds(nanoseconds: number): string {
  return (nanoseconds / 1e6).toPrecision(2);
}
