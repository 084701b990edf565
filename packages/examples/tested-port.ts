/**
 * How to test a transport of your own: two applications at the ends of port-adapter.ts act at random on a virtual clock, and the
 * rules that hold for every connection are checked.
 */
import { exercise, type Opened, type Opening } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { attach } from './port-adapter.ts';

const SCHEDULES = 50;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Opens a channel with a connection on each of its ports. */
function open({ clock, client, server }: Opening): Opened {
  const { port1, port2 } = new MessageChannel();
  let handled = 0;
  for (const port of [port1, port2]) port.addEventListener('message', () => void handled++);
  return {
    client: attach(port1, Connection.opened('client'), client, { clock }),
    server: attach(port2, Connection.opened('server'), server, { clock }),
    // Messages take a turn or two of the event loop, and cause others.
    async settled() {
      for (let before = -1; before !== handled; ) {
        before = handled;
        await turn();
        await turn();
      }
    },
    harms: { 'the channel is closed': () => port1.close() },
  };
}

let messages = 0;
for (let seed = 1; seed <= SCHEDULES; seed++) {
  const result = await exercise(seed, open);
  messages += result.messages;
  for (const { kind, message } of result.faults) console.log(`seed ${seed}: ${kind}: ${message}`);
}
console.log(`${SCHEDULES} schedules, ${messages > 0 ? 'and messages in each direction' : 'and not one message'}`);
