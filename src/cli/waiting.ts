/** Waits that end early, and are seen to go on. */
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
