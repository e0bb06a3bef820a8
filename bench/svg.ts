/** Two kinds of plots, written as text: legible on light and dark pages, without fonts or scripts. */

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Ours stand out. */
  readonly isOurs: boolean;
}

export interface BarPlot {
  readonly title: string;
  readonly x: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
/** Distinct to colour-blind eyes, and on white and black alike (after Okabe and Ito). */
const COLORS = ["#8a8f98", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 16px; font-weight: 600 } .grid { stroke: #d0d7de }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #3d444d } }
</style>`;

/** Both axes logarithmic: what grows in step is straight. */
export function linePlot({ title, x, y, lines }: LinePlot): string {
  const [height, left, right, top, bottom] = [430, 70, 190, 70, 50];
  const all = lines.flatMap(({ points }) => points);
  const across = scale(
    all.map(([value]) => value),
    left,
    WIDTH - right,
  );
  const up = scale(
    all.map(([, value]) => value),
    height - bottom,
    top,
  );
  const xs = [...new Set(all.map(([value]) => value))];
  const parts = [
    ...up.ticks.map((tick) => gridLine(left, WIDTH - right, up.at(tick), short(tick))),
    ...xs.map((tick) => text(across.at(tick), height - bottom + 20, short(tick), "middle")),
    ...lines.map((line, at) => drawLine(line, at, across, up)),
    ...labels(lines, up, WIDTH - right + 10),
    text((left + WIDTH - right) / 2, height - 10, x, "middle"),
    text(16, top - 20, y, "start"),
  ];
  return drawing(height, title, parts);
}

export function barPlot({ title, x, bars }: BarPlot): string {
  const [row, left, top] = [30, 250, 50];
  const height = top + bars.length * row + 40;
  const most = Math.max(...bars.map(({ value }) => value));
  const room = WIDTH - left - 90;
  const parts = bars.flatMap(({ name, value, isOurs }, at) => {
    const [y, width] = [top + at * row, (value / most) * room];
    const color = isOurs ? COLORS[3] : COLORS[0];
    return [
      text(left - 10, y + 17, name, "end"),
      `<rect x="${left}" y="${y + 3}" width="${width.toFixed(1)}" height="${row - 10}" rx="3" fill="${color}"/>`,
      text(left + width + 8, y + 17, short(value), "start"),
    ];
  });
  return drawing(height, title, [...parts, text(left, height - 14, x, "start")]);
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const [first, last] = high - low < 0.3 ? [low - 0.3, high + 0.3] : [low, high];
  const ticks = [];
  for (let power = Math.floor(first); power <= last; power++)
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (Math.log10(tick) >= first - 0.01 && Math.log10(tick) <= last + 0.01) ticks.push(tick);
    }
  return { ticks, at: (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from) };
}

function drawLine({ points }: Line, index: number, across: Scale, up: Scale): string {
  const color = COLORS[index % COLORS.length];
  const places = points.map(([x, y]) => [across.at(x).toFixed(1), up.at(y).toFixed(1)] as const);
  const path = `<polyline fill="none" stroke="${color}" stroke-width="2.5" points="${places.map((place) => place.join(",")).join(" ")}"/>`;
  return [path, ...places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`)].join("\n");
}

/** Names at the lines' ends, moved apart where they would meet. */
function labels(lines: readonly Line[], up: Scale, x: number): string[] {
  const ends = lines
    .map(({ name, points }, index) => ({ name, index, y: up.at(points.at(-1)?.[1] ?? 1) }))
    .toSorted((a, b) => a.y - b.y);
  let last = -Infinity;
  return ends.map(({ name, index, y }) => {
    last = Math.max(y, last + 18);
    const dot = `<circle cx="${x + 4}" cy="${last.toFixed(1)}" r="5" fill="${COLORS[index % COLORS.length]}"/>`;
    return `${dot}${text(x + 14, last + 4, name, "start")}`;
  });
}

function gridLine(from: number, to: number, y: number, label: string): string {
  const line = `<line class="grid" x1="${from}" x2="${to}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
  return `${line}${text(from - 8, y + 4, label, "end")}`;
}

function text(x: number, y: number, said: string, anchor: "start" | "middle" | "end"): string {
  const safe = said.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${safe}</text>`;
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(3))} k` : String(Number(value.toPrecision(3)));
}

function drawing(height: number, title: string, parts: readonly string[]): string {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title.replaceAll('"', "")}">`;
  return [
    open,
    STYLE,
    `<text class="title" x="16" y="24">${title.replaceAll("&", "&amp;")}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
