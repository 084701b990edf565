// The situations in which a Node socket is recorded, before an adapter has it.
import { ENDING } from './ending.ts';
import { FLOWING } from './flowing.ts';
import type { Kind, Stage } from './stage.ts';

export interface Situation extends Kind {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<void> | void;
}

export const SITUATIONS: readonly Situation[] = [...FLOWING, ...ENDING];
