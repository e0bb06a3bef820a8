import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { gemini } from "./gemini.ts";
import type { Host } from "./host.ts";
import { openCode } from "./opencode.ts";

/** In the order in which they are tried. */
export const HOSTS: readonly Host[] = [claude, codex, gemini, openCode];
