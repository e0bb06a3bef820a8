/**
 * Two members that keep talking to each other: how long each message took to come while somebody
 * attacks. A process of its own, so that the attackers' work is not counted; ends when it is told to.
 */
import { WebSocket } from "ws";

const EVERY_MS = 50;

const [url = "", channel = "", key = ""] = process.argv.slice(2);
const took: number[] = [];

function connect(name: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/channel/${channel}?key=${name}`, {
    headers: { "x-spf-key": key },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => socket.once("open", () => resolve(socket)).once("error", reject));
}

const [speaker, hearer] = [await connect("bystander-1"), await connect("bystander-2")];
hearer.on("message", (data: Buffer) => {
  if (data.toString() === "pong") return;
  const frame = JSON.parse(data.toString()) as { type: string; data: { text?: string; from?: string } };
  if (frame.type !== "message" || frame.data.from !== "bystander-1") return;
  took.push(performance.now() - Number(frame.data.text));
});
const timers = [
  setInterval(() => speaker.send(JSON.stringify({ action: "send", text: String(performance.now()) })), EVERY_MS),
  setInterval(() => [speaker, hearer].forEach((socket) => socket.send("ping")), 1000),
];
process.once("message", () => {
  timers.forEach((timer) => clearInterval(timer));
  setTimeout(() => {
    process.send?.(took.toSorted((a, b) => a - b));
    for (const socket of [speaker, hearer]) socket.terminate();
    process.disconnect();
  }, 1000);
});
process.send?.("ready");
