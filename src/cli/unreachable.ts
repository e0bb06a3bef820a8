/** Why a hub cannot be reached, in plain words, from what Node calls it. Pure. */

export interface Unreachable {
  readonly says: string;
  /** What to do, where something other than the usual helps. */
  readonly hint?: string;
}

/** `hub` is its address, `reason` Node's code. Undefined: nothing better than Node's own words is known. */
export function whyUnreachable(hub: string, reason: string): Unreachable | undefined {
  const url = new URL(hub);
  if (isTlsFault(reason)) return tlsFault(url, reason);
  const says = PLAIN[reason]?.(url);
  if (says === undefined) return undefined;
  const isPlain = url.protocol === "http:" && ENDED.has(reason);
  return isPlain ? { says, hint: `if the hub speaks TLS, its address is ${other(url, "https:")}` } : { says };
}

const PLAIN: Readonly<Record<string, (url: URL) => string>> = {
  ECONNREFUSED: ({ host }) => `nothing listens at ${host}`,
  ENOTFOUND: ({ hostname }) => `no host is called ${hostname}`,
  EAI_AGAIN: ({ hostname }) => `the name ${hostname} cannot be looked up now`,
  EHOSTUNREACH: ({ hostname }) => `there is no way to ${hostname} from here`,
  ENETUNREACH: ({ hostname }) => `there is no way to ${hostname} from here`,
  ETIMEDOUT: ({ host }) => `${host} does not answer`,
  UND_ERR_CONNECT_TIMEOUT: ({ host }) => `${host} does not answer`,
  TimeoutError: ({ host }) => `${host} does not answer in time`,
  ECONNRESET: ({ host }) => `${host} ended the connection without an answer`,
  UND_ERR_SOCKET: ({ host }) => `${host} ended the connection without an answer`,
  HPE_INVALID_CONSTANT: ({ host }) => `${host} does not speak HTTP`,
};
const ENDED: ReadonlySet<string> = new Set(["ECONNRESET", "UND_ERR_SOCKET", "HPE_INVALID_CONSTANT"]);

function isTlsFault(reason: string): boolean {
  return /^(ERR_SSL|ERR_TLS|EPROTO|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)/.test(reason);
}

function tlsFault(url: URL, reason: string): Unreachable {
  if (/WRONG_VERSION|PACKET_LENGTH|EPROTO|HTTP_REQUEST/.test(reason)) {
    return { says: `${url.host} does not speak TLS`, hint: `its address is perhaps ${other(url, "http:")}` };
  }
  if (reason === "CERT_HAS_EXPIRED") return { says: `the certificate of ${url.host} has expired` };
  if (reason === "ERR_TLS_CERT_ALTNAME_INVALID") return { says: `the certificate of ${url.host} is for another name` };
  const hint = "if you know who made it, name their certificate in NODE_EXTRA_CA_CERTS";
  return { says: `nobody whom this machine trusts has signed the certificate of ${url.host}`, hint };
}

function other(url: URL, protocol: string): string {
  return url.href.replace(url.protocol, protocol).replace(/\/$/, "");
}
