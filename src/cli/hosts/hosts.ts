/** All hosts there is a description of, in the order in which they are shown. */
import { EXIT, Failed } from "../exit.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { cursor } from "./cursor.ts";
import { gemini } from "./gemini.ts";
import type { Host } from "./host.ts";
import { opencode } from "./opencode.ts";

export const HOSTS: readonly Host[] = [claude, codex, gemini, opencode, cursor];

/** @throws Failed of usage where none is called so */
export function hostCalled(id: string): Host {
  const found = HOSTS.find((host) => host.id === id);
  if (found !== undefined) return found;
  throw new Failed(EXIT.usage, `no host is called ${id}`, `known are ${HOSTS.map((host) => host.id).join(", ")}`);
}
