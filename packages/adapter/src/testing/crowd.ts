/** Applications that join a group now and then, and send to all that are in it. */
import { type Group, type GroupSendResult, Groups } from '../group.ts';
import type { WebSocketConnection } from '../websocket-connection.ts';
import type { Application } from './application.ts';
import { pick, type Random } from './random.ts';

/** A group of applications that know of each other. */
export class Crowd {
  readonly #group: Group = new Groups().group('crowd');
  readonly #applications: Map<WebSocketConnection, Application> = new Map();

  /** An application joins, or leaves if it is in already. */
  toggle(application: Application, ws: WebSocketConnection): string {
    this.#applications.set(ws, application);
    return this.#group.leave(ws) ? 'left' : `joined: ${this.#group.join(ws)}`;
  }

  /**
   * Sends a message to all that are in the group, and lets each know that it has sent it.
   *
   * @throws {Error} when the result contradicts the state of the applications
   */
  broadcast(random: Random, data: string | Uint8Array): GroupSendResult {
    const slow = pick(random, ['skip', 'skip', 'close'] as const);
    const full = new Set<WebSocketConnection>();
    const { size } = this.#group;
    const able = [...this.#applications].filter(
      ([ws, application]) => this.#group.has(ws) && ws.state === 'open' && application.isBetweenMessages,
    );
    const result = this.#group.send(data, {
      slow(ws) {
        full.add(ws);
        return slow;
      },
    });
    const got = able.filter(([ws]) => !full.has(ws));
    for (const [, application] of got) application.hasSent(data);
    const counts = [result.sent, result.skipped + result.closed].join();
    if (counts !== [got.length, size - got.length].join()) {
      throw new Error(`of ${size} members ${got.length} should have got it: ${JSON.stringify(result)}`);
    }
    return result;
  }
}
