/** What the lazy endpoint declares, and which cases catch each way to break it. */
import type { Bug } from './bugs.ts';

/** Cases by the end of their ids, for both roles: all that match. */
export type Declared = RegExp;

/** What is lazy and correct: text is judged when it is whole, lengths may be longer than needed, and so on. None of it is a `must`. */
export const LAZY: Declared =
  /^(framing\/padded-(text|binary)-|utf8\/fast-|close\/code-(1016|1100|2000|2999)(-reason)?$|handshake\/(protocol-(twice|space|quoted|slash|colon|unicode)$|http-body-|http-length-bad|folded$|interim-|slow-))/;

/** Each way to break the lazy endpoint, and the cases that catch it beside those that it has declared. */
export const BROKEN: Readonly<Record<Bug, Declared>> = {
  'masks unchecked': /^masking\/(un)?masked-/,
  'FIN ignored':
    /^(framing\/announced-sum|masking\/(un)?masked-continuation|masking\/key-changes|reserved\/(none|rsv-\d+-continuation|opcode-\d+-inside)|control\/(ping-inside|fragment-inside-)|fragmentation\/(?!continuation-(final|first|empty|empty-first)(-after)?$|continuation-after-ping$)|utf8\/(valid|invalid)-.*-fragments|deflate\/(fragment-|interleaved|mixed$|rsv1-continuation))/,
  'UTF-8 skipped':
    /^(utf8\/invalid-|close\/reason-(continuation|overlong|surrogate|above|short|ff)|close\/failed-utf8-|deflate\/broken-utf8)/,
  'close echoed wrongly':
    /^(fragmentation\/(text|binary)-(close-between|unfinished)|close\/(code-(100[02378]|1009|101[0-4]|3\d+|4\d+)$|reason-(\d+|utf8)$|cut-|after-|behind-))/,
  'close code unchecked': /^close\/code-(0|1|999|1004|1005|1006|1015|5000|9999|65535)(-reason)?$/,
  'close code wrong': /^close\/code-(0|1|999|1004|1005|1006|1015|5000|9999|65535)(-reason)?$/,
  'limit of the wire only': /^limits\/bomb-(whole|fragments|many-fragments)$/,
  'window lost after BFINAL': /^deflate\/final-(window|window-twice|stored|empty|cut)$/,
  'window never kept':
    /^deflate\/(example-again|window-(?!row$)|window-row|mixed$|distance-|final-(window|window-twice|stored|empty|cut)$|other-window-)/,
  'pong dropped':
    /^(framing\/chunks-|reserved\/none|control\/(ping-|pong-between)|fragmentation\/(text|binary)-(ping|many|cut|empty-ping)-between|close\/behind-ping|deflate\/(fragment-ping|window-control))/,
  'pong without payload':
    /^(framing\/chunks-|reserved\/none|control\/(ping-(?!0$)|pong-between)|fragmentation\/(text|binary)-(ping|many|cut)-between|close\/behind-ping|deflate\/(fragment-ping|window-control))/,
  'reserved opcodes accepted': /^(reserved\/opcode-|close\/failed-opcode-)/,
  'reserved bits ignored': /^(reserved\/rsv-|deflate\/rsv)/,
  'length sign ignored': /^framing\/sign-(text|binary)-2\^63(\+5)?$/,
  'length of 32 bits': /^framing\/announced-(text|binary)-2\^(32|32\+5|40|53\+5|62)$/,
  'fragmented control frame': /^control\/fragment(-|s-close)/,
  'long control frame': /^(framing\/padded-ping|control\/long-)/,
  interleaving: /^(fragmentation\/((text|binary)(-fragment)?(-empty)?-inside-|new-after-ping)|deflate\/interleaved)/,
  'stray continuation': /^(fragmentation\/continuation-|close\/failed-continuation-|deflate\/stray-continuation)/,
  'mask rotation':
    /^(framing\/((text|binary)-(6553[67]|13107[12])$|cut-65536-|row-mixed)|masking\/key-[234]-70001|fragmentation\/(text|binary)-size-65536|utf8\/(valid-at-65533|valid-long)|close\/behind-long|limits\/bomb-whole$|deflate\/stored-65535|echo\/(?!many$|.*-in-\d+$).*|echo\/(text|binary)-(65536|262144|1048576|4194304)-in)/,
  'goes on after Close': /^(fragmentation\/(text|binary)-close-between|close\/after-(text|ping)$)/,
  'truncated DEFLATE': /^deflate\/broken-truncated-\d+$/,
  'offers unchecked':
    /^negotiation\/((server|client)-bits-(bad-|twice)|server-bits-none|unknown-parameter|(server|client)_no_context_takeover-|prototype-|fallback$)/,
  'same mask': /^masking\/fresh-keys$/,
  'accept unchecked': /^handshake\/(accept-|hostile-high-Sec-WebSocket-Accept)/,
};

/** Bugs that only one role can have, or only one role shows. */
export const ONE_ROLE: Partial<Record<Bug, 'client' | 'server'>> = {
  'offers unchecked': 'server',
  'same mask': 'client',
  'mask rotation': 'server',
  'accept unchecked': 'client',
  'limit of the wire only': 'server',
};

/** Cases that a bug makes pass: what went wrong before is now wrong in another way. */
export const CURED: Partial<Record<Bug, Declared>> = { 'FIN ignored': /^utf8\/fast-(?!.*inside)/ };
