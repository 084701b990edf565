// Recipients of messages: unicast, multicast, broadcast, presence.
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
  /** Returns the messages since the last call. */
  got(): ServerMessage[];
}

function guest(hub: Hub, id: string, name = id, rooms = ['lobby']): Guest {
  const sent: ServerMessage[] = [];
  const member = enter(hub, id, name, rooms, (text) => sent.push(JSON.parse(text)));
  return { member, got: () => sent.splice(0) };
}

/** Returns Ada and Bo in the lobby and Cleo in no room, without unread messages. */
function three(): { hub: Hub; ada: Guest; bo: Guest; cleo: Guest } {
  const hub = createHub();
  const [ada, bo, cleo] = [guest(hub, 'ada'), guest(hub, 'bo'), guest(hub, 'cleo', 'cleo', [])];
  for (const { got } of [ada, bo, cleo]) got();
  return { hub, ada, bo, cleo };
}

test('a person who enters is welcomed, and the others are told', () => {
  const hub = createHub();
  const ada = guest(hub, 'a', 'Ada');
  const person = { id: 'a', name: 'Ada', rooms: ['lobby'] };
  assert.equal(ada.got(), [{ type: 'welcome', you: 'a', people: [person] }]);
  const bo = guest(hub, 'b', 'Bo', ['tea', 'lobby']);
  const other = { id: 'b', name: 'Bo', rooms: ['tea', 'lobby'] };
  assert.equal(bo.got(), [{ type: 'welcome', you: 'b', people: [person, other] }]);
  assert.equal(ada.got(), [{ type: 'person', person: other }]);
});

test('broadcast reaches all, including the sender', () => {
  const { hub, ada, bo, cleo } = three();
  say(hub, ada.member, { kind: 'everyone' }, 'hi', 'r', 7);
  const said = [{ type: 'said', text: 'hi', from: 'ada', to: { kind: 'everyone' }, at: 7, ref: 'r' }];
  for (const { got } of [ada, bo, cleo]) assert.equal(got(), said);
});

test('multicast reaches the members of the room', () => {
  const { hub, ada, bo, cleo } = three();
  say(hub, ada.member, { kind: 'room', room: 'lobby' }, 'hi', 'r', 7);
  assert.is(ada.got().length, 1);
  assert.is(bo.got().length, 1);
  assert.equal(cleo.got(), []);
});

test('only members of a room may multicast to it', () => {
  const { hub, ada, cleo } = three();
  say(hub, cleo.member, { kind: 'room', room: 'lobby' }, 'hi', 'r', 7);
  assert.equal(ada.got(), []);
  assert.equal(cleo.got(), [{ type: 'problem', text: 'You are not in #lobby.', ref: 'r' }]);
});

test('unicast reaches one person and the sender', () => {
  const { hub, ada, bo, cleo } = three();
  say(hub, ada.member, { kind: 'person', person: 'cleo' }, 'psst', 'r', 7);
  assert.is(ada.got().length, 1);
  assert.equal(bo.got(), []);
  assert.is(cleo.got().length, 1);
  say(hub, ada.member, { kind: 'person', person: 'ada' }, 'to myself', 'r', 7);
  assert.is(ada.got().length, 1);
});

test('unicast to a person who has left is refused', () => {
  const { hub, ada, bo } = three();
  leave(hub, bo.member);
  assert.equal(ada.got(), [{ type: 'gone', id: 'bo' }]);
  say(hub, ada.member, { kind: 'person', person: 'bo' }, 'hi', 'r', 7);
  assert.equal(ada.got(), [{ type: 'problem', text: 'This person is not here any more.', ref: 'r' }]);
});

test('names are unique, ignoring case', () => {
  const { hub, ada, cleo } = three();
  assert.is(guest(hub, 'x', 'ADA').member.name, 'ADA 2');
  ada.got();
  cleo.got();
  rename(hub, cleo.member, 'Ada');
  assert.is(cleo.member.name, 'Ada 3');
  assert.equal(ada.got(), [{ type: 'person', person: { id: 'cleo', name: 'Ada 3', rooms: [] } }]);
  rename(hub, ada.member, 'Ada');
  assert.is(ada.member.name, 'Ada');
});

test('rooms exist from their first member to their last', () => {
  const { hub, ada, bo } = three();
  joinRoom(hub, bo.member, 'tea');
  assert.equal(ada.got(), [{ type: 'person', person: { id: 'bo', name: 'bo', rooms: ['lobby', 'tea'] } }]);
  assert.equal([...hub.rooms.keys()], ['lobby', 'tea']);
  leaveRoom(hub, bo.member, 'tea');
  assert.equal([...hub.rooms.keys()], ['lobby']);
  leave(hub, ada.member);
  leave(hub, bo.member);
  assert.is(hub.rooms.size, 0);
});

test('the number of rooms is limited, in all and for each person', () => {
  const { hub, ada } = three();
  for (let n = 0; n < 2 * LIMITS.roomsPerPerson; n++) joinRoom(hub, ada.member, `room-${n}`);
  assert.is(ada.member.rooms.size, LIMITS.roomsPerPerson);
  assert.is(ada.got().at(-1)?.type, 'problem');
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
