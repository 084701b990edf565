/** `serve` of `@sockless/node` with every default, which sends to all: by `broadcast`, or in a loop over them. */
import { ours } from '../../ours.ts';
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

const { serve } = await ours('node');
const loops = process.argv[2] === 'loop';

// Without context takeover a message is compressed to the same bytes for all connections.
const server = await serve({ host: HOST, compression: { serverNoContextTakeover: true, threshold: 0 } });
listening(
  server.port,
  () => server.connections.size,
  ({ text, bytes }) => {
    if (loops) for (const ws of server.open) ws.send(text ?? bytes);
    else server.broadcast(text ?? bytes);
  },
);
