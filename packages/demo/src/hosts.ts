/** The host names of this server: only those of this computer, which no DNS server can assign to others. */

/**
 * Tells whether a request is addressed to this computer. A foreign page whose name was made to point here (DNS
 * rebinding) sends its own name as Host, and the browser then takes this server for the page's origin.
 *
 * @param host the Host header field
 */
export const isThisComputer = (host: string | undefined): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(host ?? '');
