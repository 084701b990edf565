// Records the behaviour of this Node's sockets: `node packages/tools/run.js recording`.
import { type Recording, readRecording, writeRecording } from '../../../adapter/test/recording.ts';
import { playReally } from './real.ts';
import { SITUATIONS } from './situations.ts';

const BASE = new URL('recording.json', import.meta.url);
const SINCE_22 = new URL('recording-since-22.json', import.meta.url);

/** Since Node 22 a write that is cut short fails. */
export const CANCELS = Number.parseInt(process.versions.node, 10) >= 22;

/** Returns the recorded behaviour for this Node. */
export const recordingOfThisNode = (): Recording => ({
  ...readRecording(BASE),
  ...(CANCELS && readRecording(SINCE_22)),
});

if (process.argv.includes('--write')) {
  const seen: Record<string, readonly string[]> = {};
  for (const situation of SITUATIONS) seen[situation.title] = await playReally(situation);
  if (CANCELS) {
    const base = readRecording(BASE);
    const isOther = ([title, notes]: [string, readonly string[]]): boolean =>
      JSON.stringify(base[title]) !== JSON.stringify(notes);
    writeRecording(SINCE_22, Object.fromEntries(Object.entries(seen).filter(isOther)));
  } else writeRecording(BASE, seen);
}
