/** The price list as data, and what a thing costs by it. */
import prices from "./prices.json" with { type: "json" };

/** What one of something takes. */
export interface Use {
  readonly worker_requests: number;
  readonly object_requests: number;
  /** Seconds an object was at work. */
  readonly seconds: number;
  readonly rows_read: number;
  readonly rows_written: number;
}

export const PRICES_DATE: string = prices.date;
export const SOCKET_MESSAGES_PER_REQUEST: number = prices.socket_messages_per_request;

/** Dollars of a million of it, beyond what the plan includes. */
export function dollarsPerMillion(use: Use): number {
  const { paid, object_gb } = prices;
  return (
    use.worker_requests * paid.million_worker_requests +
    use.object_requests * paid.million_object_requests +
    use.seconds * object_gb * paid.million_gb_seconds +
    use.rows_read * paid.million_rows_read +
    use.rows_written * paid.million_rows_written
  );
}

/** How many of it the free plan carries a day, and what ends first. */
export function freeADay(use: Use): { readonly count: number; readonly bound: string } {
  const { free_a_day: free, object_gb } = prices;
  const bounds: Record<string, number> = {
    "Worker requests": free.worker_requests / use.worker_requests,
    "object requests": free.object_requests / use.object_requests,
    duration: free.gb_seconds / (use.seconds * object_gb),
    "rows read": free.rows_read / use.rows_read,
    "rows written": free.rows_written / use.rows_written,
  };
  const [bound = "", count = NaN] = Object.entries(bounds).toSorted(([, a], [, b]) => a - b)[0] ?? [];
  return { count, bound };
}
