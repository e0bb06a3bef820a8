/** The hub's use as Prometheus reads it (USE1). Pure. */
import type { Traffic } from "./traffic.ts";
import type { Refused, Usage } from "../between/usage.ts";

export interface Measured {
  readonly version: string;
  readonly channels: number;
  readonly usage: Usage;
  readonly isolate: Traffic;
}

type Sample = readonly [labels: string, value: number];

/** Gauges that begin at zero each day are no counters: a scrape may find less than the one before. */
export function metricsText({ version, channels, usage, isolate }: Measured): string {
  return [
    family("channel_hub_info", "gauge", "the hub's version", [[`{version="${version}"}`, 1]]),
    family("channel_hub_channels", "gauge", "channels that exist", [["", channels]]),
    family("channel_hub_sockets", "gauge", "sockets open", [["", usage.sockets]]),
    family("channel_hub_stored_bytes", "gauge", "bytes stored", [["", usage.stored_bytes]]),
    family("channel_hub_messages_today", "gauge", "messages since midnight UTC", [["", usage.messages]]),
    family("channel_hub_rows_today", "gauge", "rows since midnight UTC", [
      ['{op="written"}', usage.rows_written],
      ['{op="read"}', usage.rows_read],
    ]),
    family("channel_hub_object_requests_today", "gauge", "requests to objects since midnight UTC", [
      ["", usage.requests],
    ]),
    family("channel_hub_frames_today", "gauge", "frames since midnight UTC", [["", usage.frames]]),
    family("channel_hub_refused_today", "gauge", "frames refused since midnight UTC", samplesOf(usage.refused)),
    family("channel_hub_isolate_requests_total", "counter", "requests to this isolate", [["", isolate.requests]]),
    family("channel_hub_isolate_refused_total", "counter", "refusals of this isolate", samplesOf(isolate.refused)),
  ].join("");
}

/** Codes and kids are of an alphabet that needs no escape. */
function samplesOf(refused: Refused): Sample[] {
  return Object.entries(refused).map(([kind, count]) => {
    const [code = "", kid = ""] = kind.split(" ");
    return [`{code="${code}",kid="${kid}"}`, count];
  });
}

function family(name: string, type: "gauge" | "counter", help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
