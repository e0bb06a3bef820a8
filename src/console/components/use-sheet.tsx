/** What the hub used today, beside what a plan of Cloudflare's allows a day, for admins. Asked once, when it is opened. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { session } from "../app.ts";
import { failureOf } from "../hub.ts";
import { type HubUse, meters } from "../use.ts";
import { Sheet } from "./sheet.tsx";

export function UseSheet(): JSX.Element {
  const use = useSignal<HubUse | undefined>(undefined);
  const problem = useSignal("");
  useEffect(() => {
    session.value?.use().then(
      (told) => (use.value = told),
      (error: unknown) => (problem.value = failureOf(error).message),
    );
  }, []);
  return (
    <Sheet title="Use today">
      {use.value === undefined ? <p role="status">{problem.value}</p> : <Meters use={use.value} />}
    </Sheet>
  );
}

function Meters({ use }: { use: HubUse }): JSX.Element {
  const shown = meters(use);
  const [first] = shown.toSorted((a, b) => b.share - a.share);
  return (
    <>
      <table class="use">
        <thead>
          <tr>
            <th>since midnight UTC</th>
            <th>used</th>
            <th>free plan</th>
            <th>a million more, paid plan</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, used, limit, share, price }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{used}</td>
              <td>
                {limit} <meter value={Math.min(share, 1)} aria-label={`${name}: ${percent(share)} of the free plan`} />
              </td>
              <td>{price}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        {first === undefined || first.share === 0
          ? "Nothing was used yet."
          : `On the free plan ${first.name} end first: ${percent(first.share)} are used.`}{" "}
        {use.sockets} sockets, {use.messages.toLocaleString("en")} messages. As channels last told; the duration is an
        estimate, and Cloudflare's dashboard has the bill. The paid plan is 5 dollars a month.
      </p>
    </>
  );
}

function percent(share: number): string {
  return `${(100 * share).toLocaleString("en", { maximumSignificantDigits: 2 })} %`;
}
