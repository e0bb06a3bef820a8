/**
 * What a host writes to `channel-hub mcp`, one message of JSON-RPC a line. A field of `params` that
 * is `null` was left out (INP1). What cannot be read is answered, for a host waits for each of its
 * ids; the SDK's transport would only report it.
 */
import { StringDecoder } from "node:string_decoder";
import { Transform } from "node:stream";
import { parseJSONRPCMessage, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import type { Input, Output } from "./terminal.ts";

/** Characters of one line at most, as many as the SDK keeps of one; a text of 64 KiB is far below. */
const LINE_MOST = 10 * 1024 * 1024;
const EXPECTED =
  'send one object {"jsonrpc":"2.0","id":…,"method":…,"params":{…}} a line, whose id is a string or a whole number';

type Say = (message: object) => void;

export function hostTransport(stdin: Input, stdout: Output): StdioServerTransport {
  const answer: Say = (message) => void stdout.write(`${JSON.stringify(message)}\n`);
  return new StdioServerTransport(stdin.pipe(linesOf(answer)), stdout);
}

function linesOf(answer: Say): Transform {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return new Transform({
    transform: (part: Buffer, _encoding, done) => {
      const lines = (rest + decoder.write(part)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_MOST) done(new Error(`a line from the host is longer than ${LINE_MOST} characters`));
      else done(null, lines.map((line) => readLine(line, answer)).join(""));
    },
  });
}

/** The line as the SDK takes it; empty where it was answered here. */
function readLine(line: string, answer: Say): string {
  if (line.trim() === "") return "";
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    answer(errorOf(null, ProtocolErrorCode.ParseError, "Parse error: the line is not JSON"));
    return "";
  }
  try {
    const read = withoutNull(message);
    parseJSONRPCMessage(read);
    return `${JSON.stringify(read)}\n`;
  } catch {
    // Too deep, or no message: who only told something waits for nothing.
    if (isAsking(message))
      answer(errorOf(idOf(message), ProtocolErrorCode.InvalidRequest, `Invalid Request: ${EXPECTED}`));
    return "";
  }
}

/** `{"jsonrpc":"2.0","method":…,"params":{"a":null,"b":1}}` → `{…,"params":{"b":1}}` */
function withoutNull(message: unknown): unknown {
  if (!isObject(message) || !("params" in message)) return message;
  const { params, ...rest } = message;
  return params === null ? rest : { ...rest, params: drop(params) };
}

function drop(value: unknown): unknown {
  if (!isObject(value)) return value;
  const told = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(told.map(([name, one]) => [name, drop(one)]));
}

function isAsking(message: unknown): boolean {
  return !isObject(message) || Object.hasOwn(message, "method");
}

function idOf(message: unknown): string | number | null {
  const id = isObject(message) ? message["id"] : undefined;
  return typeof id === "string" || Number.isInteger(id) ? (id as string | number) : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function errorOf(id: string | number | null, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}
