import type { Json } from "../../bytes/canonical.js";
import type { Trip } from "../../trust/contents/policy.js";

/** What was counted for a trip: no more than tells whether it is reached. */
export class TripRecord {
  #times: number[];

  private constructor(
    readonly trip: Trip,
    times: readonly number[],
  ) {
    this.#times = [...times];
  }

  /** Goes on counting where the same trip stood in the policy before. */
  static of(trip: Trip, before: readonly TripRecord[]): TripRecord {
    const same = before.find((record) => JSON.stringify(record.trip) === JSON.stringify(trip));
    return new TripRecord(trip, same ? same.#times : []);
  }

  /** As it was kept. */
  static kept(trip: Trip, times: readonly number[]): TripRecord {
    return new TripRecord(trip, times);
  }

  count(time: number): void {
    this.#times.push(time);
    if (this.#times.length > this.trip.most + 1) this.#times.shift();
  }

  /** How many of the last `within` milliseconds, as far as they are kept: one more than allowed at most. */
  within(now: number): number {
    const { within = 0 } = this.trip;
    // They are in order: a log's time never goes back.
    let [from, to] = [0, this.#times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#times[middle] as number) <= now - within) from = middle + 1;
      else to = middle;
    }
    return this.#times.length - from;
  }

  toJson(): Json {
    return { ...this.trip, within: this.trip.within ?? null, times: this.#times };
  }
}
