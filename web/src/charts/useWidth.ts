// SPDX-License-Identifier: Apache-2.0
// The width of an element, as it is now.

import { useEffect, useRef, useState } from "react";

/** Where the element goes, and its width in pixels: `first` until it is known, never less than `least`. */
export function useWidth<E extends Element>(first: number, least: number) {
  const host = useRef<E>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    if (!host.current) return undefined;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(least, Math.round(entry.contentRect.width))));
    watch.observe(host.current);
    return () => watch.disconnect();
  }, [least]);
  return { host, width };
}
