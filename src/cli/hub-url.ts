/** The hub's address as people paste it: what is not one is told, with the one that is meant. Pure. */
import { EXIT, Failed } from "./exit.ts";

/** Parts of a hub's own routes, with which no address ends. */
const ROUTE = /\/(api(\/.*)?|ws(\/.*)?|mcp|health|openapi\.json|index\.html|channel-hub\.tgz)\/*$/;

/**
 * With `http:` or `https:`, and without a slash at the end.
 *
 * @throws Failed of usage, which never repeats a password
 */
export function checkedUrl(text: string): string {
  const url = URL.parse(text.trim());
  if (url === null || !/^(https?|wss?):$/.test(url.protocol))
    throw wrong(`"${text}" is no http or https URL`, guess(text));
  if (url.username !== "" || url.password !== "")
    throw wrong(
      `a user or password in it is not used`,
      `${url.protocol}//${url.host}`,
      "; the hub key goes into CHANNEL_HUB_KEY",
    );
  const address = url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin;
  const meant = `${address}${url.pathname.replace(ROUTE, "")}`.replace(/\/+$/, "");
  const given = `${address}${url.pathname}`.replace(/\/+$/, "");
  if (meant !== given) throw wrong(`"${given}" is a route of a hub`, meant);
  if (url.search !== "" || url.hash !== "") throw wrong(`it must end before "${url.search}${url.hash}"`, meant);
  return meant.replace(/^ws/, "http");
}

function wrong(what: string, meant: string | undefined, more = ""): Failed {
  const hint = meant === undefined ? "such as http://127.0.0.1:8787" : `you mean perhaps ${meant}${more}`;
  return new Failed(EXIT.usage, `the hub's address: ${what}`, hint);
}

/** What was meant without a scheme: TLS, but on this machine. */
function guess(text: string): string | undefined {
  const [, host, rest = ""] =
    /^(?:\/\/)?((?:localhost|[\w-]+(?:\.[\w-]+)+|\[[0-9a-f:]+\])(?::\d+)?)(\/.*)?$/i.exec(text.trim()) ?? [];
  if (host === undefined) return undefined;
  const isHere = /^(localhost|127\.|\[::1\])/i.test(host);
  return `${isHere ? "http" : "https"}://${host}${rest}`.replace(ROUTE, "").replace(/\/+$/, "");
}
