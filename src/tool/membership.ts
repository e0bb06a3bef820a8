/** create, join, leave, connect, disconnect: where an agent is, and whether a connection is held for it. */
import { map } from "../protocol/index.ts";
import { type AgentTurn, type Answer, type Answered, brief, type NameOf, nextListen } from "./answer.ts";
import { showChannel } from "./names.ts";
import { type Chosen, chooseChannel } from "./resolve.ts";

export async function create(turn: AgentTurn): Promise<Answered<Answer>> {
  const { port, call, memory } = turn;
  const { key, name } = turn.agent;
  const channel = call.channel ?? "";
  const made = await port.create({ name: channel, key, ...(name !== undefined && { name_display: name }) });
  return map(made, ({ channel_id: id }) => {
    // The creator's position is the channel's first message, which says that it was made.
    memory.at(id).moved(1);
    memory.name(id, channel);
    return brief(
      () => `Created ${showChannel(id, channel)}; you are in it.`,
      () => nextListen(turn, id),
    );
  });
}

export async function join(turn: AgentTurn): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, turn.agent.key);
  if (!chosen.ok) return chosen;
  const joined = await turn.port.join(membership(turn, chosen.value));
  const next = { action: "history", channel: chosen.value.id };
  return map(joined, () =>
    brief(
      (nameOf) => `Joined ${shown(chosen.value, nameOf)}.`,
      () => next,
    ),
  );
}

export async function leave(turn: AgentTurn): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, turn.agent.key);
  if (!chosen.ok) return chosen;
  const left = await turn.port.leave(membership(turn, chosen.value));
  return map(left, () => {
    turn.memory.forget(chosen.value.id);
    return brief(
      (nameOf) => `Left ${shown(chosen.value, nameOf)}.`,
      () => ({ action: "list" }),
    );
  });
}

export async function connect(turn: AgentTurn): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, turn.agent.key);
  if (!chosen.ok) return chosen;
  const link = await turn.port.connect(membership(turn, chosen.value));
  return map(link, ({ live }) => {
    const held = live ? "the connection stays open between calls" : "no connection is held between calls here";
    return brief(
      (nameOf) => `Joined ${shown(chosen.value, nameOf)}; ${held}.`,
      () => nextListen(turn, chosen.value.id),
    );
  });
}

export async function disconnect(turn: AgentTurn): Promise<Answered<Answer>> {
  const chosen = await chooseChannel(turn, turn.agent.key);
  if (!chosen.ok) return chosen;
  const link = await turn.port.disconnect(membership(turn, chosen.value));
  return map(link, ({ live }) => {
    const done = live ? "Disconnected from" : "Nothing to disconnect, no connection is held between calls here:";
    return brief(
      (nameOf) => `${done} ${shown(chosen.value, nameOf)}; you are still a participant.`,
      () => nextListen(turn, chosen.value.id),
    );
  });
}

export function membership({ agent }: AgentTurn, { id }: Chosen): { channel_id: string; key: string; name?: string } {
  return { channel_id: id, key: agent.key, ...(agent.name !== undefined && { name: agent.name }) };
}

/** A chosen channel with its name, if that is known from anywhere. */
export function shown({ id, name }: Chosen, nameOf: NameOf): string {
  return showChannel(id, name ?? nameOf(id));
}
