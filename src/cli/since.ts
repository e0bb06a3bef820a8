/** A point in time as people write it: `30m`, `2h`, `7d`, `today`, `14:30`, `2026-11-27`, or an ISO time. Pure. */

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Unix milliseconds; undefined: it is no time. Without a zone, in that of whoever writes. */
export function readSince(text: string, now: number): number | undefined {
  const [, count, unit = ""] = /^(\d{1,9})\s*([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (text === "today") return midnight;
  if (text === "yesterday") return new Date(midnight - 1).setHours(0, 0, 0, 0);
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? [];
  if (hours !== undefined) return readable(new Date(now).setHours(Number(hours), Number(minutes), 0, 0));
  // A day alone would be read as one in UTC.
  return readable(Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text));
}

function readable(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}
