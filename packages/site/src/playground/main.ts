/** The playground: pasted bytes, explained by the demo's inspector and judged by core. It is a script of the site's page. */
import { el, find } from '../../../demo/src/page/dom.ts';
import { count, OPCODES } from '../../../demo/src/page/fields.ts';
import { frameView } from '../../../demo/src/page/frame-view.ts';
import { type Circumstances, type Decoded, type DecodedFrame, decode, MAX_FRAMES, parseHex } from './decode.ts';

/** The masked text frame of RFC 6455 5.7, and the messages that a chat begins with. */
const SAMPLES: readonly (readonly [name: string, circumstances: Circumstances, hex: string])[] = [
  ['a masked text', { role: 'server', compression: false }, '81 85 37 fa 21 3d 7f 9f 4d 51 58'],
  ['fragments and a ping', { role: 'client', compression: false }, '01 03 48 65 6c  89 02 68 69  80 02 6c 6f'],
  ['a Close frame', { role: 'client', compression: false }, '88 05 03 e8 62 79 65'],
  ['a compressed text', { role: 'client', compression: true }, 'c1 07 f2 48 cd c9 c9 07 00'],
  ['text that is not UTF-8', { role: 'client', compression: false }, '81 05 48 69 20 c3 28'],
];

const root = find('playground', HTMLElement);

const input = el('textarea', { id: 'bytes', rows: 4, spellcheck: 'false', 'aria-label': 'Bytes in hexadecimal' });
const role = el(
  'select',
  { id: 'role' },
  el('option', { value: 'server' }, 'a client to a server'),
  el('option', { value: 'client' }, 'a server to a client'),
);
const compression = el('input', { id: 'compression', type: 'checkbox' });
const samples = el('p', { class: 'samples' }, 'Try: ');
const verdict = el('div', { class: 'verdict', role: 'status' });
const frames = el('div', { class: 'decoded' });

for (const [name, circumstances, hex] of SAMPLES) {
  const button = el('button', { type: 'button' }, name);
  button.addEventListener('click', () => put(circumstances, hex));
  samples.append(button, ' ');
}
root.replaceChildren(
  samples,
  input,
  el(
    'p',
    { class: 'circumstances' },
    el('label', {}, 'From ', role),
    el('label', {}, compression, ' permessage-deflate was agreed on'),
  ),
  verdict,
  frames,
);
for (const element of [input, role, compression]) element.addEventListener('input', () => show());
addEventListener('hashchange', readAddress);
readAddress();

/** Puts what the address says into the form: `#to=server&hex=81+85…`, as the pages of the rules link here. */
function readAddress(): void {
  const facts = new URLSearchParams(location.hash.slice(1));
  const [, sample, digits] = SAMPLES[0] as (typeof SAMPLES)[number];
  const hex = facts.get('hex');
  if (hex === null) put(sample, digits);
  else put({ role: facts.get('to') === 'client' ? 'client' : 'server', compression: facts.has('deflate') }, hex);
}

function put(circumstances: Circumstances, hex: string): void {
  input.value = hex;
  role.value = circumstances.role;
  compression.checked = circumstances.compression;
  show();
}

function show(): void {
  frames.replaceChildren();
  try {
    const bytes = parseHex(input.value);
    const circumstances = {
      role: role.value === 'client' ? 'client' : 'server',
      compression: compression.checked,
    } as const;
    const decoded = decode(bytes, circumstances);
    verdict.replaceChildren(...verdictOf(decoded, bytes.length));
    frames.append(...decoded.frames.map(frameOf));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    verdict.replaceChildren(el('p', { class: 'broken' }, error.message));
  }
}

function verdictOf({ frames: all, rest, events, fault, hint }: Decoded, length: number): HTMLElement[] {
  const whole = all.filter(({ frame }) => frame.header !== undefined).length;
  const facts = [`${count(length)} bytes`, `${count(whole)} whole ${whole === 1 ? 'frame' : 'frames'}`];
  if (rest > 0)
    facts.push(
      all.length === MAX_FRAMES
        ? `the last ${count(rest)} bytes not shown`
        : `${count(rest)} bytes of a frame that is not complete`,
    );
  return [
    el('p', {}, `${facts.join(', ')}.`),
    fault === undefined
      ? el('p', { class: 'legal' }, 'No rule is broken.')
      : el(
          'p',
          { class: 'broken' },
          'Fails the connection at byte ',
          `${count(fault.offset)} with `,
          el('a', { href: `Rules.${fault.rule}.html` }, fault.rule),
          `: ${fault.message}.`,
        ),
    ...(hint === '' ? [] : [el('p', { class: 'hint' }, hint)]),
    el('p', {}, events.length === 0 ? 'No event is delivered before.' : 'Events:'),
    ...(events.length === 0 ? [] : [el('ol', {}, ...events.map((event) => el('li', {}, event)))]),
  ];
}

function frameOf({ offset, frame }: DecodedFrame, at: number): HTMLElement {
  const name = frame.header === undefined ? 'not a legal header' : OPCODES[frame.header.opcode].name;
  const title = el(
    'summary',
    {},
    el('b', {}, `Frame ${at + 1}: ${name}`),
    ` at byte ${count(offset)} `,
    el('span', {}, frame.preview),
  );
  const body = el('details', { class: 'one', open: at === 0 }, title);
  // Only what is looked at is drawn.
  const draw = (): void => {
    if (body.open && body.children.length === 1) body.append(frameView(frame, ''));
  };
  body.addEventListener('toggle', draw);
  draw();
  return body;
}
