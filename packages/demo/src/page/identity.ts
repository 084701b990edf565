/** Who this tab is: it stays the same when the page is loaded again. */
import { cleanLine, cleanName, cleanRoom, LIMITS } from '../protocol.ts';

export interface Identity {
  /** A secret between this tab and the server; the public id is its hash. */
  readonly key: string;
  readonly name: string;
  readonly rooms: readonly string[];
}

const ITEM = 'sockless-identity';

/** Gives the identity of this tab, or a new one with a friendly name. */
export function loadIdentity(): Identity {
  try {
    const { key, name, rooms } = JSON.parse(sessionStorage.getItem(ITEM) ?? '') as Identity;
    if (cleanLine(key, LIMITS.key) === key && cleanName(name, LIMITS.name) === name) {
      return { key, name, rooms: rooms.map(cleanRoom) };
    }
  } catch {
    // Nothing is stored, or nothing that makes sense.
  }
  const identity = { key: crypto.randomUUID(), name: friendlyName(), rooms: ['lobby'] };
  saveIdentity(identity);
  return identity;
}

export function saveIdentity(identity: Identity): void {
  try {
    sessionStorage.setItem(ITEM, JSON.stringify(identity));
  } catch {
    // The browser keeps nothing for this page: then the tab is somebody new when it is loaded again.
  }
}

function friendlyName(): string {
  const pick = (from: string): string => {
    const words = from.split(' ');
    return words[Math.floor(Math.random() * words.length)] as string;
  };
  return `${pick(ADJECTIVES)} ${pick(ANIMALS)}`;
}

const ADJECTIVES =
  'Amber Brave Calm Clever Cosmic Curious Gentle Golden Happy Lucky Mellow Merry Nimble Quiet Swift Witty';
const ANIMALS =
  'Badger Beaver Falcon Fox Gecko Heron Ibex Lynx Magpie Marten Otter Owl Panda Puffin Raven Robin Seal Wren';
