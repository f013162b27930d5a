// SPDX-License-Identifier: Apache-2.0
// An instant in the local zone; UTC in the tooltip.
import { time, utc } from "./format";

export function Time({ at, millis = false }: { at: string; millis?: boolean }) {
  return (
    <time dateTime={at} title={utc(at)} className="num">
      {time(at, millis)}
    </time>
  );
}
