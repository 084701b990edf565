/** The identity of this tab, which survives reloading. */
import { cleanLine, cleanName, cleanRoom, LIMITS } from '../protocol.ts';

export interface Identity {
  /** A secret shared by this tab and the server; the public id is its hash. */
  readonly key: string;
  readonly name: string;
  readonly rooms: readonly string[];
}

const ITEM = 'sockless-identity';

/** Returns the identity of this tab, or a new one with a friendly name. */
export function loadIdentity(): Identity {
  try {
    const { key, name, rooms } = JSON.parse(sessionStorage.getItem(ITEM) ?? '') as Identity;
    if (cleanLine(key, LIMITS.key) === key && cleanName(name, LIMITS.name) === name) {
      return { key, name, rooms: rooms.map(cleanRoom) };
    }
  } catch {
    // Nothing valid is stored.
  }
  const identity = { key: crypto.randomUUID(), name: friendlyName(), rooms: ['lobby'] };
  saveIdentity(identity);
  return identity;
}

export function saveIdentity(identity: Identity): void {
  try {
    sessionStorage.setItem(ITEM, JSON.stringify(identity));
  } catch {
    // The browser stores nothing for this page, so after a reload the tab has a new identity.
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
