/** Records the behaviour of this Deno's connections: `node packages/tools/run.js recording`. */
import { readRecording, writeRecording } from '../../../../adapter/test/recording.ts';
import { SITUATIONS } from './situations.ts';
import { playReally } from './stages.ts';

export const RECORDING = new URL('recording.json', import.meta.url);
export const recorded = () => readRecording(RECORDING);

if (Deno.args.includes('--write')) {
  const seen: Record<string, readonly string[]> = {};
  for (const situation of SITUATIONS) seen[situation.title] = await playReally(situation);
  writeRecording(RECORDING, seen);
}
