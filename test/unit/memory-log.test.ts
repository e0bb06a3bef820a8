/** The log in an array keeps the contract of all logs. */
import { MemoryLog } from "../../src/channel/index.ts";
import { logContract } from "../support/log-contract.ts";

logContract("MemoryLog", () => new MemoryLog());
