/** Figures of a run, per message and per delivery. */
import type { Figures } from "./load.ts";

export const messagesPerSecond = ({ messages, seconds }: Figures): number => messages / seconds;
export const deliveriesPerSecond = ({ deliveries, seconds }: Figures): number => deliveries / seconds;
/** Server CPU of a message, in microseconds. */
export const cpuPerMessage = ({ server_cpu_s, messages }: Figures): number => (server_cpu_s * 1e6) / messages;
/** Server CPU of a delivery, in microseconds. */
export const cpuPerDelivery = ({ server_cpu_s, deliveries }: Figures): number => (server_cpu_s * 1e6) / deliveries;
/** Cores in use while measuring: the server's must be near one, the generator's well below. */
export const serverCores = ({ server_cpu_s, seconds }: Pick<Figures, "server_cpu_s" | "seconds">): number =>
  server_cpu_s / seconds;
export const ownCores = ({ own_cpu_s, seconds }: Pick<Figures, "own_cpu_s" | "seconds">): number => own_cpu_s / seconds;
