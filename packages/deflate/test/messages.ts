// Messages to be compressed, the same for the same seed, made without anything of a host.

/** Bytes that nothing makes shorter. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Bytes as of messages that are alike. */
export function text(length: number, seed = 1): Uint8Array {
  const parts: string[] = [];
  for (let at = 0, id = seed; at < length; id++) {
    const part = `{"id":${id},"user":"user-${(id * 7919) % 1000}","price":${((id * 104_729) % 99_991) / 100}}\n`;
    parts.push(part);
    at += part.length;
  }
  const characters = parts.join('');
  return new Uint8Array(length).map((_, at) => characters.charCodeAt(at));
}
