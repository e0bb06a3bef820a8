/** Today's use against Cloudflare's plans, as of 22 November 2026; a test compares with bench/prices.json. Pure. */

/** As `GET /api/hub` tells it (USE1). */
export interface HubUse {
  readonly messages: number;
  readonly rows_written: number;
  readonly rows_read: number;
  readonly requests: number;
  readonly frames: number;
  readonly sockets: number;
  readonly stored_bytes: number;
}

export interface MeterLine {
  readonly name: string;
  readonly used: string;
  readonly limit: string;
  /** Of the free plan's day. */
  readonly share: number;
  readonly price: string;
}

/** Free a day, and dollars of a million beyond what the paid plan includes. */
export const PLAN = {
  requests: { free: 100_000, dollars: 0.15 },
  gb_seconds: { free: 13_000, dollars: 12.5 },
  rows_read: { free: 5_000_000, dollars: 0.001 },
  rows_written: { free: 100_000, dollars: 1 },
  stored_gb: { free: 5, dollars: 0.2 },
} as const;
const FRAMES_A_REQUEST = 20;
/** What a request or frame keeps an object at work, rather more than measured, at 0.128 GB. */
const GB_SECONDS_EACH = 0.005 * 0.128;

export function meters(use: HubUse): readonly MeterLine[] {
  const requests = use.requests + use.frames / FRAMES_A_REQUEST;
  return [
    line("requests to objects", requests, PLAN.requests),
    line("rows written", use.rows_written, PLAN.rows_written),
    line("rows read", use.rows_read, PLAN.rows_read),
    line("GB-s of duration", (use.requests + use.frames) * GB_SECONDS_EACH, PLAN.gb_seconds),
    { ...line("GB stored", use.stored_bytes / 1e9, PLAN.stored_gb), price: "0.2 $ a GB and month" },
  ];
}

function line(name: string, used: number, { free, dollars }: { free: number; dollars: number }): MeterLine {
  const shown = used.toLocaleString("en", { maximumFractionDigits: used < 10 ? 3 : 0 });
  return { name, used: shown, limit: free.toLocaleString("en"), share: used / free, price: `${dollars} $` };
}
