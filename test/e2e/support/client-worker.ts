/** A Worker that uses the client library, as an agent that lives on Workers does. */
import { HubClient, HubError } from "../../../src/client/index.ts";

/** What a visit is told to do. */
export interface Visit {
  readonly url: string;
  readonly key: string;
  readonly agent: string;
  readonly channel: string;
  readonly text: string;
}

const worker = {
  async fetch(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response("ready");
    return Response.json(await visit((await request.json()) as Visit));
  },
};
export default worker;

/** Connects, sends, reads, disconnects. */
async function visit({ url, key, agent, channel, text }: Visit): Promise<object> {
  try {
    const hub = new HubClient({ url, key, agent: { key: agent, kind: "agent" } });
    const connection = await hub.connect(channel);
    const { message } = await connection.send(text);
    const { messages } = connection.drain();
    await connection.disconnect();
    return { seq: message.seq, texts: messages.map((one) => one.text), left: hub.connections() };
  } catch (error) {
    if (error instanceof HubError) return { code: error.code, status: error.status, message: error.message };
    throw error;
  }
}
