/**
 * Who the person at this browser is: an Ed25519 key pair, made once, whose secret half never leaves
 * the browser and cannot be read even by this page. Where the browser makes none (an old one, or
 * a page without TLS) the person has a random key that is claimed and not proven.
 */
import type { Agent, HubOptions } from "../client/index.ts";
import { authorizeAs, createIdentity, type Identity } from "../client/identity.ts";
import { HUB_URL } from "./place.ts";

export interface Person {
  readonly agent: Agent;
  /** Signs requests, where the identity can be proven. */
  readonly authorize?: NonNullable<HubOptions["authorize"]>;
}

const DATABASE = "channel-hub";
const STORE = "identity";
const KEY = "channel-hub.person";
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The person at this browser, under the name that others see. */
export async function thisPerson(name: string): Promise<Person> {
  const identity = await provenIdentity();
  if (identity === undefined) return { agent: { key: plainKey(), name, kind: "human" } };
  const offset = await clockOffset();
  return { agent: { key: identity.key, name, kind: "human" }, authorize: authorizeAs(identity, () => offset) };
}

async function provenIdentity(): Promise<Identity | undefined> {
  try {
    const database = await opened();
    return (await stored(database)) ?? (await made(database));
  } catch (error) {
    console.info("this browser keeps no identity; a claimed key is used:", error);
    return undefined;
  }
}

/** Two pages that start at once agree on the first that was stored. */
async function made(database: IDBDatabase): Promise<Identity | undefined> {
  const { identity } = await createIdentity();
  try {
    await done(database.transaction(STORE, "readwrite").objectStore(STORE).add(identity, 0));
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "ConstraintError")) throw error;
  }
  return await stored(database);
}

function stored(database: IDBDatabase): Promise<Identity | undefined> {
  return done<Identity | undefined>(database.transaction(STORE).objectStore(STORE).get(0));
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the browser's storage failed")));
  });
}

/** What to add to this machine's clock, in milliseconds: a signature counts for a minute by the hub's. */
async function clockOffset(): Promise<number> {
  const answer = await fetch(`${HUB_URL}/health`, { cache: "no-store" });
  const date = Date.parse(answer.headers.get("date") ?? "");
  return Number.isNaN(date) ? 0 : date - Date.now();
}

/** `person-` and 80 random bits in base32, the same for ever in this browser. */
function plainKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const fresh = `person-${Array.from(random, (byte) => LETTERS.charAt(byte & 31)).join("")}`;
  const key = localStorage.getItem(KEY) ?? fresh;
  localStorage.setItem(KEY, key);
  return key;
}
