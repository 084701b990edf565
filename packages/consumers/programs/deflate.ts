// The program of a user who compresses with one of our engines.
import { Connection } from '@sockless/core';
import { type DeflateEngine, permessageDeflate } from '@sockless/core/deflate';
import { pako } from '@sockless/deflate';
import { works, zlib } from '@sockless/deflate/zlib';

const engine: DeflateEngine = works(zlib) ? zlib : pako;
export const connection: Connection = Connection.client('ws://example.com/', {
  compression: permessageDeflate(engine, { threshold: 64 }),
});
export const deflated: Uint8Array = engine
  .createDeflater({ windowBits: 15, level: 6, memLevel: 8 })
  .deflate(new Uint8Array(10));
