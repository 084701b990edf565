/**
 * The tests of Node's adapter, and of the engine, that say nothing of this one: a part of their titles, and why. Where Deno has another way
 * to the same end, the other files here look at that.
 */
export const NODE_ALONE: readonly (readonly [part: string, reason: string])[] = [
  ['context: upgrade and attach', 'there is no upgrade: on-deno/attach.ts looks at attach'],
  ['attach: sets TCP_NODELAY and no timeout', 'a Deno.Conn has neither a timeout nor listeners'],
  ['the socket errors', 'nobody can give a Deno.Conn an error'],
  ['errors: a socket that errors in the same turn as upgrade', 'there is no upgrade'],
  ['errors: upgrade with a socket that is destroyed already', 'there is no upgrade'],
  ['errors: a process whose connections have ended', 'it runs a program of Node'],
  ['connect: createSocket gives the transport', 'the socket of a connection is a Deno.Conn'],
  ['connect: a refused connection says so (several', "it asks Node's sockets: on-deno/connect.ts has Deno's words"],
  ['connect: a name that is not found says so', 'Deno does not say the name'],
  ['connect: TLS: the server name for', "it asks Node's TLS server"],
  ['connect: TLS: who is not to be trusted', 'Deno says it in other words'],
  ['connect: plain to a TLS port', 'Deno says it in other words'],
  ['compression: a message is ', 'it counts the bytes that a socket of Node has written'],
  ['cork: 100 messages of 12', 'so much comes in more than one read'],
  ['cork: 100 messages of 2000', 'so much comes in more than one read'],
  [
    'kept memory: what is kept for clients that do not read is bounded by what is queued (TLS)',
    "Deno's node:tls reads on while it is paused",
  ],
  ['zlib: zlib: blocks with BFINAL', 'Deno makes no DEFLATE with a dictionary'],
  ['zlib: use after an error', 'it runs a program of Node'],
  ['serve: with TLS on a Unix socket', 'Deno has no TLS on a Unix socket: on-deno/serve.ts looks at what is said then'],
  ['serve: other requests get 426', 'there is no HTTP server whose words these are'],
  ['serve: or what the `http` listener answers', 'there is no HTTP server'],
  ['serve: close waits for an answer of the http', 'there is no HTTP server'],
  ['serve: garbage and a TLS hello', 'core reads heads whole, and then it is their end that is waited for'],
  ['serve: a request that comes while it closes', 'who has not sent a whole request by then is not waited for'],
  ['serve: `await using`', "it asks Node's HTTP server"],
];

/** Stands between the title of a test that is left out and the reason. */
export const LEFT_OUT = ' – left out: ';
