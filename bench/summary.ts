/** The table of README.md: what somebody who chooses a hub asks first, from the kept results. */
import { figure, type Goal, markdown, type Report, section, verdict, wantedText } from "./section.ts";

interface Answer {
  readonly what: string;
  readonly bench: string;
  /** How the section's title begins. */
  readonly section: string;
  readonly goal: string;
  readonly unit: string;
}

const ANSWERS: readonly Answer[] = [
  {
    what: "100 participants, batch frames: throughput ÷ a bare Durable Object, which stores nothing",
    ...{ bench: "platform", section: "100 participants", goal: "batch frames, throughput ÷ bare", unit: "×" },
  },
  {
    what: "the same, one frame a message",
    ...{ bench: "platform", section: "100 participants", goal: "one frame a message, throughput ÷ bare", unit: "×" },
  },
  {
    what: "10 participants: throughput ÷ partyserver with storage",
    ...{ bench: "peers", section: "10 participants", goal: "hub in batches ÷ partyserver, stored", unit: "×" },
  },
  {
    what: "10 participants: throughput ÷ Socket.IO, in memory",
    ...{ bench: "peers", section: "10 participants", goal: "hub in batches ÷ Socket.IO, in memory", unit: "×" },
  },
  {
    what: "100 participants: throughput ÷ NATS JetStream",
    ...{ bench: "peers", section: "100 participants", goal: "hub in batches ÷ NATS JetStream", unit: "×" },
  },
  {
    what: "a message to a channel that sleeps, until the other has it",
    ...{ bench: "start", section: "A message to a sleeping channel", goal: "wake with 2 participants, ms", unit: "ms" },
  },
  {
    what: "a million lone messages, one a second",
    ...{ bench: "money", section: "A million messages", goal: "$/M, 1 a second, 2 participants", unit: "$" },
  },
  {
    what: "a million messages, 20 at once",
    ...{ bench: "money", section: "A million messages", goal: "$/M, 20 at once, 2 participants", unit: "$" },
  },
];

/** Rows whose bench has not been run are left out. */
export function summary(reports: readonly Report[]): string {
  const rows = ANSWERS.flatMap((answer) => {
    const goal = goalOf(reports, answer);
    if (goal === undefined) return [];
    const { what, bench, unit } = answer;
    return [[what, `${figure(goal.value)} ${unit}`, wantedText(goal), verdict(goal), `\`npm run bench -- ${bench}\``]];
  });
  const table = section("", { columns: ["", "measured", "goal", "", "shown by"], rows });
  return markdown(table).trim();
}

function goalOf(reports: readonly Report[], answer: Answer): Goal | undefined {
  const sections = reports.find(({ what }) => what === answer.bench)?.sections ?? [];
  const asked = sections.filter(({ title }) => title.startsWith(answer.section));
  return asked.flatMap(({ goals }) => goals).find(({ text }) => text === answer.goal);
}
