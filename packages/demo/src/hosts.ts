/** Under which names this server is known: those of this computer, which no name server can give away. */

/**
 * Whether a request asks for this computer. A page of somewhere else, whose name has been made to point here (DNS
 * rebinding), asks by its own name: for the browser this server is then its origin.
 *
 * @param host the Host header field
 */
export const isThisComputer = (host: string | undefined): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? '');
