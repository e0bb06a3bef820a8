/**
 * Which channel is meant: an id, a name, or nothing when the agent is in just one. The agent's own
 * channels come first; a name that several carry is never guessed at.
 */
import {
  channelNumber,
  type ChannelSummary,
  LIST_MAX,
  ok,
  quote,
  refusal,
  type Result,
  showLine,
} from "../protocol/index.ts";
import type { Answered, Turn } from "./answer.ts";
import { exampleOf } from "./arguments.ts";
import { showChannel, someOf } from "./names.ts";

export interface Chosen {
  readonly id: string;
  /** Undefined where it was called by its id. */
  readonly name?: string;
}

/** Channels named in a refusal. */
const SUGGESTED = 8;

/** `key` of the agent, if there is one. */
export async function chooseChannel(turn: Turn, key: string | undefined): Promise<Answered<Chosen>> {
  const { channel } = turn.call;
  if (channel === undefined) return await onlyChannel(turn, key);
  const id = channel.trim().toLowerCase();
  if (channelNumber(id) !== undefined) return ok({ id });
  const mine = key === undefined ? ok([]) : await listAll(turn, key);
  if (!mine.ok) return mine;
  const known = called(mine.value, channel);
  if (known.length > 0) return single(turn, known);
  const all = await listAll(turn);
  if (!all.ok) return all;
  const found = called(all.value, channel);
  return found.length > 0 ? single(turn, found) : notFound(channel, all.value);
}

async function onlyChannel(turn: Turn, key: string | undefined): Promise<Answered<Chosen>> {
  const { action } = turn.call;
  if (key === undefined) return wrong(turn, `${action} needs channel, an id such as ch-7 or a name`);
  const mine = await listAll(turn, key);
  if (!mine.ok) return mine;
  if (mine.value.length === 0) {
    const error = `${action} needs channel: you are in none; list shows the channels, join enters one`;
    return { ok: false, refusal: refusal("not_participant", error), help: { next: { action: "list" } } };
  }
  return single(turn, mine.value);
}

/** All pages of a list. */
async function listAll({ port }: Turn, key?: string): Promise<Result<readonly ChannelSummary[]>> {
  const channels: ChannelSummary[] = [];
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const page = await port.list({ limit: LIST_MAX, cursor, ...(key !== undefined && { key }) });
    if (!page.ok) return page;
    channels.push(...page.value.channels);
    cursor = page.value.next_cursor;
  }
  return ok(channels);
}

/** Those of that very name; if none, those whose name differs in case only. */
export function called(channels: readonly ChannelSummary[], name: string): readonly ChannelSummary[] {
  const wanted = name.normalize("NFC").trim();
  const exact = channels.filter((channel) => channel.name === wanted);
  return exact.length > 0 ? exact : channels.filter((channel) => fold(channel.name) === fold(wanted));
}

function single(turn: Turn, found: readonly ChannelSummary[]): Answered<Chosen> {
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) {
    turn.memory.name(only.id, only.name);
    return ok({ id: only.id, name: only.name });
  }
  const meant = turn.call.channel === undefined ? "you are in several channels" : "several channels are called so";
  return wrong(turn, `${meant}, say which by its id: ${choices(found)}`, only?.id);
}

function notFound(name: string, all: readonly ChannelSummary[]): Answered<Chosen> {
  const known = all.length === 0 ? "there is none yet" : `there are ${choices(all)}`;
  const error = `no channel is called "${showLine(quote(name))}"; ${known}`;
  return { ok: false, refusal: refusal("channel_not_found", error), help: { next: { action: "list" } } };
}

function wrong(turn: Turn, error: string, channel = "ch-7"): Answered<Chosen> {
  return {
    ok: false,
    refusal: refusal("bad_request", error),
    help: { example: { ...exampleOf(turn.call.action), channel } },
  };
}

function choices(channels: readonly ChannelSummary[]): string {
  return someOf(
    channels.map(({ id, name }) => showChannel(id, name)),
    SUGGESTED,
  );
}

function fold(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}
