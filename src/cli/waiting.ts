/** Waits that end early, and are seen to go on. */
import type { Result } from "../protocol/index.ts";
import type { Waiting } from "../tool/index.ts";
import type { LiveChannel } from "./live-channel.ts";

/** Hosts give up on a call that is silent for 60 s. */
const PROGRESS_MS = 5000;

/** Runs `work`, and tells every now and then that it still waits. `wait` in seconds. */
export async function whileTelling<T>({ progress }: Waiting, wait: number, work: () => Promise<T>): Promise<T> {
  if (progress === undefined || wait === 0) return await work();
  const started = performance.now();
  const tell = (): void => progress(Math.floor((performance.now() - started) / 1000), wait);
  const timer = setInterval(tell, PROGRESS_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Milliseconds between two looks for a hub that is away. */
const AWAY_MS = 1000;

/** Runs `work` for what is left of `wait` (seconds), and once more whenever the hub cannot be reached. */
export async function patiently<T>(
  wait: number,
  waiting: Waiting,
  work: (left: number) => Promise<Result<T>>,
): Promise<Result<T>> {
  const until = performance.now() + wait * 1000;
  return await whileTelling(waiting, wait, async () => {
    for (;;) {
      const left = Math.max(0, until - performance.now());
      const answer = await work(Math.ceil(left / 1000));
      const isAway = !answer.ok && answer.refusal.by_client === "unreachable";
      if (!isAway || left <= AWAY_MS || waiting.signal?.aborted === true) return answer;
      await untilChange([], AWAY_MS, waiting);
    }
  });
}

/** What `work` comes to, or `late` after so many milliseconds. */
export async function within<T>(ms: number, work: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), ms).unref();
  });
  try {
    return await Promise.race([work, time]);
  } finally {
    clearTimeout(timer);
  }
}

/** Until one of the channels changes, `ms` are over, or the caller has gone. */
export async function untilChange(channels: readonly LiveChannel[], ms: number, { signal }: Waiting): Promise<void> {
  if (signal?.aborted === true) return;
  const endings: (() => void)[] = [];
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", resolve);
    endings.push(
      () => clearTimeout(timer),
      () => signal?.removeEventListener("abort", resolve),
    );
    for (const channel of channels) endings.push(channel.onChange(resolve));
  });
  for (const end of endings) end();
}
