// Who gets what: unicast, multicast, broadcast, presence.
import { Duplex } from 'node:stream';
import { Connection } from '@sockless/core';
import { attach } from '@sockless/node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createHub,
  enter,
  type Hub,
  joinRoom,
  leave,
  leaveRoom,
  MAX_ROOMS,
  type Member,
  rename,
  say,
} from '../src/hub.ts';
import { LIMITS, type ServerMessage } from '../src/protocol.ts';

/** A member, and the messages sent to it. */
interface Guest {
  readonly member: Member;
  /** What was sent since the last call. */
  got(): Promise<ServerMessage[]>;
  /** The page is closed. */
  close(): void;
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

function guest(hub: Hub, id: string, name = id, rooms = ['lobby']): Guest {
  const sent: ServerMessage[] = [];
  const page = Connection.opened('client');
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Uint8Array, _, done) {
      for (const event of page.receive(chunk.slice())) {
        if (event.type === 'text') sent.push(JSON.parse(event.data));
      }
      done();
    },
  });
  const ws = attach<never>(socket, Connection.opened('server'), { end: () => leave(hub, member) });
  const member = enter(hub, id, name, rooms, ws);
  return {
    member,
    close: () => ws.terminate(),
    async got() {
      await turn();
      return sent.splice(0);
    },
  };
}

/** Ada and Bo in the lobby, Cleo in no room; all have read what they got. */
async function three(): Promise<{ hub: Hub; ada: Guest; bo: Guest; cleo: Guest }> {
  const hub = createHub();
  const [ada, bo, cleo] = [guest(hub, 'ada'), guest(hub, 'bo'), guest(hub, 'cleo', 'cleo', [])];
  for (const { got } of [ada, bo, cleo]) await got();
  return { hub, ada, bo, cleo };
}

test('a person who enters is welcomed, and the others are told', async () => {
  const hub = createHub();
  const ada = guest(hub, 'a', 'Ada');
  const person = { id: 'a', name: 'Ada', rooms: ['lobby'] };
  assert.equal(await ada.got(), [{ type: 'welcome', you: 'a', people: [person] }]);
  const bo = guest(hub, 'b', 'Bo', ['tea', 'lobby']);
  const other = { id: 'b', name: 'Bo', rooms: ['tea', 'lobby'] };
  assert.equal(await bo.got(), [{ type: 'welcome', you: 'b', people: [person, other] }]);
  assert.equal(await ada.got(), [{ type: 'person', person: other }]);
});

test('broadcast reaches all, the sender among them', async () => {
  const { hub, ada, bo, cleo } = await three();
  say(hub, ada.member, { kind: 'everyone' }, 'hi', 'r', 7);
  const said = [{ type: 'said', text: 'hi', from: 'ada', to: { kind: 'everyone' }, at: 7, ref: 'r' }];
  for (const { got } of [ada, bo, cleo]) assert.equal(await got(), said);
});

test('multicast reaches the members of the room', async () => {
  const { hub, ada, bo, cleo } = await three();
  say(hub, ada.member, { kind: 'room', room: 'lobby' }, 'hi', 'r', 7);
  assert.is((await ada.got()).length, 1);
  assert.is((await bo.got()).length, 1);
  assert.equal(await cleo.got(), []);
});

test('only members of a room can send to it', async () => {
  const { hub, ada, cleo } = await three();
  say(hub, cleo.member, { kind: 'room', room: 'lobby' }, 'hi', 'r', 7);
  assert.equal(await ada.got(), []);
  assert.equal(await cleo.got(), [{ type: 'problem', text: 'You are not in #lobby.', ref: 'r' }]);
});

test('unicast reaches one, and the sender', async () => {
  const { hub, ada, bo, cleo } = await three();
  say(hub, ada.member, { kind: 'person', person: 'cleo' }, 'psst', 'r', 7);
  assert.is((await ada.got()).length, 1);
  assert.equal(await bo.got(), []);
  assert.is((await cleo.got()).length, 1);
  say(hub, ada.member, { kind: 'person', person: 'ada' }, 'to myself', 'r', 7);
  assert.is((await ada.got()).length, 1);
});

test('unicast to a person who has left is answered with a problem', async () => {
  const { hub, ada, bo } = await three();
  bo.close();
  assert.equal(await ada.got(), [{ type: 'gone', id: 'bo' }]);
  say(hub, ada.member, { kind: 'person', person: 'bo' }, 'hi', 'r', 7);
  assert.equal(await ada.got(), [{ type: 'problem', text: 'This person is not here any more.', ref: 'r' }]);
});

test('names are unique, ignoring case', async () => {
  const { hub, ada, cleo } = await three();
  assert.is(guest(hub, 'x', 'ADA').member.name, 'ADA 2');
  await ada.got();
  await cleo.got();
  rename(hub, cleo.member, 'Ada');
  assert.is(cleo.member.name, 'Ada 3');
  assert.equal(await ada.got(), [{ type: 'person', person: { id: 'cleo', name: 'Ada 3', rooms: [] } }]);
  rename(hub, ada.member, 'Ada');
  assert.is(ada.member.name, 'Ada');
});

test('rooms come with their first member and go with their last', async () => {
  const { hub, ada, bo } = await three();
  joinRoom(hub, bo.member, 'tea');
  assert.equal(await ada.got(), [{ type: 'person', person: { id: 'bo', name: 'bo', rooms: ['lobby', 'tea'] } }]);
  assert.equal([hub.rooms.size, hub.rooms.group('tea').size], [2, 1]);
  leaveRoom(hub, bo.member, 'tea');
  assert.equal([hub.rooms.size, hub.rooms.group('lobby').size], [1, 2]);
  ada.close();
  bo.close();
  assert.is(hub.rooms.size, 0);
});

test('the rooms of a person and of the server are limited', async () => {
  const { hub, ada } = await three();
  for (let n = 0; n < 2 * LIMITS.roomsPerPerson; n++) joinRoom(hub, ada.member, `room-${n}`);
  assert.is(ada.member.rooms.size, LIMITS.roomsPerPerson);
  assert.is((await ada.got()).at(-1)?.type, 'problem');
  for (let n = 0; n < 20; n++) {
    guest(
      hub,
      `guest-${n}`,
      'guest',
      Array.from({ length: 12 }, (_, m) => `room-${n}-${m}`),
    );
  }
  assert.is(hub.rooms.size, MAX_ROOMS);
});

test.run();
