// The program of a user who tests a server, and an implementation that has no socket.
import {
  type Bytes,
  type Case,
  type CaseServer,
  chooseCases,
  familyOf,
  type Link,
  type Result,
  runCases,
  runServerCases,
  SocketLink,
  serveCases,
  summary,
  type Target,
  TargetError,
  weight,
} from '@sockless/conformance';

const sizeOf = (bytes: Bytes): number =>
  bytes.reduce((sum, part) => sum + (typeof part === 'string' ? part.length / 2 : part.times), 0);

/** A link that nothing comes from. */
class Silence implements Link {
  written = 0;

  write(bytes: Uint8Array): void {
    this.written += bytes.length;
  }

  read(): Promise<Uint8Array | 'end' | 'reset' | undefined> {
    return Promise.resolve('end');
  }

  pass(): Promise<void> {
    return Promise.resolve();
  }

  now = (): number => this.written;
  drop = (): void => undefined;
  halfClose = (): void => undefined;
}

const target: Target = { role: 'server', host: 'example.com', connect: () => Promise.resolve(new Silence()) };

export async function test(url: string): Promise<string> {
  try {
    const results: Result[] = await runServerCases(url, { quick: true, severity: ['must', 'hardening'] });
    return summary(results);
  } catch (error) {
    if (error instanceof TargetError) return error.message;
    throw error;
  }
}

export async function failures(filter: readonly string[]): Promise<string[]> {
  const results = await runCases(target, { filter, report: (result, done, total) => void [result.wire, done, total] });
  return results
    .filter(({ verdict, findings }) => verdict === 'fail' && weight(findings) === 'must')
    .map((result) => familyOf(result.case));
}

export async function serve(): Promise<[CaseServer, number]> {
  const cases: Case[] = chooseCases('client');
  const sizes = cases.flatMap(({ script }) => script.map((step) => (step.do === 'send' ? sizeOf(step.bytes) : 0)));
  return [await serveCases(cases, { port: 0 }), Math.max(...sizes)];
}

export const links: new (...args: ConstructorParameters<typeof SocketLink>) => Link = SocketLink;
