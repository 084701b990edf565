/** The playground: pasted bytes, explained by the demo's inspector and judged by core. It is a script of the site's page. */
import { el, find } from '../../../demo/src/page/dom.ts';
import { count, countOf, OPCODES } from '../../../demo/src/page/fields.ts';
import { frameView } from '../../../demo/src/page/frame-view.ts';
import { fromFragment, type Shown, toFragment } from './address.ts';
import { type Circumstances, type Decoded, type DecodedFrame, decode, MAX_FRAMES, parseHex } from './decode.ts';

/** The masked text frame of RFC 6455 5.7, and the messages that a chat begins with. */
const SAMPLES: readonly (readonly [name: string, circumstances: Circumstances, hex: string])[] = [
  ['a masked text', { role: 'server', compression: false }, '81 85 37 fa 21 3d 7f 9f 4d 51 58'],
  ['fragments and a ping', { role: 'client', compression: false }, '01 03 48 65 6c  89 02 68 69  80 02 6c 6f'],
  ['a Close frame', { role: 'client', compression: false }, '88 05 03 e8 62 79 65'],
  ['a compressed text', { role: 'client', compression: true }, 'c1 07 f2 48 cd c9 c9 07 00'],
  ['text that is not UTF-8', { role: 'client', compression: false }, '81 05 48 69 20 c3 28'],
];

/** The longest fragment that is put into the address, in characters. */
const MAX_FRAGMENT = 8000;

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
  button.addEventListener('click', () => {
    put({ ...circumstances, hex });
    changed();
  });
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
let writing: ReturnType<typeof setTimeout> | undefined;
for (const element of [input, role, compression]) element.addEventListener('input', changed);
addEventListener('hashchange', readAddress);
readAddress();

/** Puts what the address says into the form. */
function readAddress(): void {
  clearTimeout(writing);
  const [, sample, digits] = SAMPLES[0] as (typeof SAMPLES)[number];
  put(fromFragment(location.hash.slice(1)) ?? { ...sample, hex: digits });
}

function put(shown: Shown): void {
  input.value = shown.hex;
  role.value = shown.role;
  compression.checked = shown.compression;
  show();
}

function form(): Shown {
  return { role: role.value === 'client' ? 'client' : 'server', compression: compression.checked, hex: input.value };
}

/** Shows what is in the form, and soon puts it into the address, to be shared. Browsers refuse to change that many times a second. */
function changed(): void {
  show();
  clearTimeout(writing);
  writing = setTimeout(() => {
    const fragment = toFragment(form());
    // Nobody shares an address of many kilobytes, and one with only a part of the bytes would be false.
    history.replaceState(null, '', fragment.length > MAX_FRAGMENT ? location.pathname : `#${fragment}`);
  }, 300);
}

function show(): void {
  frames.replaceChildren();
  try {
    const bytes = parseHex(input.value);
    if (bytes.length === 0) {
      verdict.replaceChildren(el('p', {}, 'Paste some bytes.'));
      return;
    }
    const decoded = decode(bytes, form());
    verdict.replaceChildren(...verdictOf(decoded, bytes.length));
    frames.append(...decoded.frames.map(frameOf));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    verdict.replaceChildren(el('p', { class: 'broken' }, error.message));
  }
}

function verdictOf({ frames: all, rest, events, fault, hint }: Decoded, length: number): HTMLElement[] {
  const whole = all.filter(({ frame }) => frame.header !== undefined).length;
  const facts = [countOf(length, 'byte'), countOf(whole, 'whole frame')];
  if (rest > 0)
    facts.push(
      all.length === MAX_FRAMES
        ? `the last ${countOf(rest, 'byte')} not shown`
        : `${countOf(rest, 'byte')} of a frame that is not complete`,
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
    el('p', {}, events.length > 0 ? 'Events:' : `No event is delivered${fault === undefined ? '' : ' before'}.`),
    ...(events.length === 0 ? [] : [el('ol', {}, ...events.map((event) => el('li', {}, event)))]),
  ];
}

function frameOf({ offset, frame }: DecodedFrame, at: number): HTMLElement {
  const name = frame.header === undefined ? 'not a legal header' : OPCODES[frame.header.opcode].name;
  const title = el(
    'summary',
    {},
    el('b', {}, `Frame ${at + 1}: ${name}`),
    ` at byte\u00a0${count(offset)} `,
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
