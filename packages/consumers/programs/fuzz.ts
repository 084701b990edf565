// The program of a user who fuzzes an implementation, and a function over bytes.
import {
  type Has,
  holds,
  type Outcome,
  type ReceivedEvent,
  receiveTarget,
  type Setting,
  type Subject,
  same,
  type Target,
  typed,
  Violation,
} from '@sockless/fuzz';

const has: Has = { lateUtf8: true, maxMessageSize: true };

class Implementation implements Subject {
  readonly name = 'mine';
  readonly has = has;

  play(role: 'client' | 'server', chunks: readonly Uint8Array[], setting: Setting): Outcome {
    const events: ReceivedEvent[] = chunks.map((chunk) => ['binary', `${role} ${chunk.length}`]);
    events.push(['end', 1006, setting.compression]);
    return { events, sent: Uint8Array.of(0x88, 0) };
  }
}

export const target: Target = receiveTarget('server', new Implementation());

export const parser: Target = {
  name: 'parser',
  description: 'JSON, twice',
  seeds: () => [Uint8Array.of(123, 125)],
  mutate: (data, random) => data.map((byte) => byte ^ Math.floor(random() * 256)),
  fuzz(data) {
    const parsed = typed(() => JSON.parse(String.fromCharCode(...data)) as unknown, SyntaxError);
    if (parsed instanceof SyntaxError) return;
    holds('a text has bytes', data.length > 0, () => String(data.length));
    same('it is the same twice', ['once', parsed], ['twice', parsed]);
  },
};

export const invariantOf = (error: unknown): string | undefined =>
  error instanceof Violation ? `${error.invariant} ${error.rule?.section}` : undefined;
