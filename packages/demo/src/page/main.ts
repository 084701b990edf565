/** The page: the chat, the inspector beside it, and the state of their connection. */
import { createChat } from './chat.ts';
import { Link, type LinkState } from './connection.ts';
import { find, showView } from './dom.ts';
import { loadIdentity } from './identity.ts';
import { createInspector } from './inspector.ts';

const status = find('status', HTMLElement);
const statusText = find('status-text', HTMLElement);
const countdown = find('countdown', HTMLElement);
const reconnect = find('reconnect', HTMLButtonElement);

let ticking: number | undefined;
const inspector = createInspector();
const link = new Link({
  state(state) {
    showState(state);
    if (state.name === 'open') chat.opened();
    if (state.name === 'waiting') chat.lost();
  },
  message: (message) => chat.receive(message),
  binary(bytes) {
    if (bytes.byteLength > 0) chat.note(`The server sent ${bytes.byteLength} bytes back as a binary message.`);
  },
  frame: inspector.frame,
  tap: inspector.tap,
  lost(code, reason) {
    inspector.note(
      `The browser says: closed, ${code}`,
      code === 1006
        ? 'The transport ended without a Close frame: the code 1006 is never on the wire.'
        : `The close code ${code}${reason === '' ? ' came without a reason' : `, with the reason “${reason}”`}.`,
      'end',
    );
  },
});
const chat = createChat(link, loadIdentity());

function showState(state: LinkState): void {
  clearInterval(ticking);
  status.dataset.state = state.name;
  reconnect.hidden = state.name !== 'waiting';
  countdown.textContent = '';
  statusText.textContent = { connecting: 'Connecting…', open: 'Connected', waiting: 'Offline' }[state.name];
  if (state.name !== 'waiting') return;
  const tick = (): void => {
    const seconds = Math.max(0, (state.until - performance.now()) / 1000);
    countdown.textContent = `next try in ${seconds.toFixed(1)} s`;
  };
  tick();
  ticking = setInterval(tick, 100);
}

reconnect.addEventListener('click', () => link.connectNow());

/** The buttons that produce interesting frames. */
const TRAFFIC: Readonly<Record<string, () => void>> = {
  fragments: () => link.send({ type: 'fragments' }),
  binary: () => link.sendRaw(crypto.getRandomValues(new Uint8Array(300))),
  big: () => link.sendRaw('x'.repeat(64 * 1024 + 1)),
  flood: () => {
    for (let n = 0; n < 200; n++) link.sendRaw(new Uint8Array(0));
  },
  close: () => link.close(4000, 'just for fun'),
};

for (const [id, act] of Object.entries(TRAFFIC)) find(`make-${id}`, HTMLButtonElement).addEventListener('click', act);

for (const button of document.querySelectorAll<HTMLButtonElement>('#views button')) {
  button.addEventListener('click', () => showView(button.value));
}

link.connect();
