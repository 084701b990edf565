/** undici 8, which needs Node 22.19 or newer: a client. */
import { WebSocket } from 'undici-8';
import { askWith, type Standard } from './parts.ts';

await askWith(WebSocket as unknown as Standard);
