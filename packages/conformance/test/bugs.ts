/** The ways to break the lazy endpoint. */

/** What can be broken. */
export type Bug =
  | 'masks unchecked'
  | 'FIN ignored'
  | 'UTF-8 skipped'
  | 'close echoed wrongly'
  | 'close code unchecked'
  | 'close code wrong'
  | 'limit of the wire only'
  | 'window lost after BFINAL'
  | 'window never kept'
  | 'pong dropped'
  | 'pong without payload'
  | 'reserved opcodes accepted'
  | 'reserved bits ignored'
  | 'length sign ignored'
  | 'length of 32 bits'
  | 'fragmented control frame'
  | 'long control frame'
  | 'interleaving'
  | 'stray continuation'
  | 'mask rotation'
  | 'goes on after Close'
  | 'truncated DEFLATE'
  | 'offers unchecked'
  | 'same mask'
  | 'accept unchecked';
