/** The decoder and the encoder of a contestant's file, as the suites use them. */
import type { Decoder, DecoderMaker } from '../codec/decoders.ts';
import type { Own } from './own.ts';

/** Returns its decoder. A round ends when all messages have been delivered. */
export function ownDecoder({ decoder }: Own): DecoderMaker {
  return (masked, tally): Decoder | undefined => {
    let missing = 0;
    let resolve: (() => void) | undefined;
    const receive = decoder?.(masked ? 'server' : 'client', (message) => {
      tally.messages++;
      tally.length += message.length;
      if (--missing === 0) resolve?.();
    });
    if (receive === undefined) return undefined;
    return (chunks, messages) => {
      missing += messages;
      for (const chunk of chunks) receive(chunk);
      if (missing <= 0) return undefined;
      return new Promise((call) => {
        resolve = call;
      });
    };
  };
}

/** Sends all messages and returns the number of bytes written; `undefined` if the library does not have this role. */
export function ownEncoder(
  { encoder }: Own,
  masked: boolean,
): ((messages: readonly (string | Buffer)[]) => number) | undefined {
  let length = 0;
  const send = encoder?.(masked ? 'client' : 'server', (bytes) => {
    length += bytes.length;
  });
  if (send === undefined) return undefined;
  return (messages) => {
    length = 0;
    for (const message of messages) send(message);
    return length;
  };
}
