/** undici 7: a client. */
import { WebSocket } from 'undici';
import { askWith, type Standard } from './parts.ts';

await askWith(WebSocket as unknown as Standard);
