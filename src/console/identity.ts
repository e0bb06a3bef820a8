/**
 * Who the person at this browser is. Its agent key is made once and stays in this browser; whatever
 * else an identity needs to prove itself (`authorize`) is given from here and from nowhere else.
 */
import type { Agent, HubOptions } from "../client/index.ts";

export interface Person {
  readonly agent: Agent;
  /** Signs requests, where the identity can be proven. */
  readonly authorize?: NonNullable<HubOptions["authorize"]>;
}

const KEY = "channel-hub.person";
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The person at this browser, under the name that others see. */
export async function thisPerson(name: string): Promise<Person> {
  const key = localStorage.getItem(KEY) ?? newKey();
  localStorage.setItem(KEY, key);
  return { agent: { key, name, kind: "human" } };
}

/** `person-` and 80 random bits in base32. */
function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `person-${Array.from(random, (byte) => LETTERS.charAt(byte & 31)).join("")}`;
}
