// SPDX-License-Identifier: Apache-2.0
// The address line's parameters, the one state that pages have: a link shows what its sender saw.

import { useCallback, useEffect } from "react";
import { useSearchParams } from "react-router";

/** What to put for each name; nothing or an empty text takes the parameter away. */
export type Members = readonly (readonly [name: string, value: string | null])[];

/** Parameters that were changed and that the router has not shown yet. */
let waiting: { shown: string; next: URLSearchParams } | null = null;

/**
 * Gives the parameters and a function that changes some of them. Several changes in one handler add up: the router's own
 * function starts from what is shown each time, and the last one would win.
 */
export function useParameters(): [URLSearchParams, (members: Members, options?: { replace?: boolean }) => void] {
  const [params, setParams] = useSearchParams();
  useEffect(() => {
    if (waiting && waiting.shown !== params.toString()) waiting = null;
  }, [params]);
  const change = useCallback(
    (members: Members, options?: { replace?: boolean }) =>
      setParams((old) => {
        const shown = old.toString();
        const next = new URLSearchParams(waiting?.shown === shown ? waiting.next : old);
        for (const [name, value] of members) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        waiting = { shown, next };
        return next;
      }, options),
    [setParams],
  );
  return [params, change];
}
