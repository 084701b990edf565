/** Plays a case from its first step to its verdict. */
import type { Case } from '../case.ts';
import { ending } from './ending.ts';
import type { Link, Target } from './link.ts';
import { Play } from './play.ts';
import { type Result, Stop } from './verdict.ts';

/** How a case is played. */
export interface PlayOptions {
  /** All times that an implementation has are multiplied by this. Default: 1. */
  readonly patience?: number;
}

/**
 * Plays a case over a connection that has just been made.
 *
 * @param again makes another connection to a server, for the cases that ask whether it is still there
 */
export async function playCase(
  item: Case,
  link: Link,
  target: Pick<Target, 'host' | 'path'>,
  again?: () => Promise<Link>,
  { patience = 1 }: PlayOptions = {},
): Promise<Result> {
  const started = link.now();
  const play = new Play(item, link, target, again, patience);
  const reason = await run(play);
  const { findings, wire } = play.session;
  const verdict = reason !== undefined ? 'skip' : findings.length > 0 ? 'fail' : 'pass';
  return { case: item, verdict, findings, reason, wire, milliseconds: Math.round(link.now() - started) };
}

/** Resolves with the reason why the case does not apply, or with `undefined`. */
async function run(play: Play): Promise<string | undefined> {
  try {
    for (const step of play.case.script) await play.step(step);
    await ending(play, play.case.expect);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.skip) return error.message;
    play.fail(error.message);
  } finally {
    play.session.link.drop();
  }
  return undefined;
}
