/** A small typed set of listeners: who hears what. */

export type Listener<E> = (event: E) => void;

export class Listeners<Events extends object> {
  readonly #byType: { [T in keyof Events]?: Set<Listener<Events[T]>> } = {};
  readonly #report: (error: unknown) => void;

  /** `report` gets what a listener throws: the fault of one is no concern of the others. */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** The answer ends it. */
  on<T extends keyof Events>(type: T, listener: Listener<Events[T]>): () => void {
    const listeners = (this.#byType[type] ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<T extends keyof Events>(type: T, event: Events[T]): void {
    for (const listener of this.#byType[type] ?? []) {
      try {
        listener(event);
      } catch (error) {
        this.#report(error);
      }
    }
  }
}
