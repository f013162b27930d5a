// SPDX-License-Identifier: Apache-2.0
// One of the values of a picture, picked by the pointer or by the arrow keys.

import { useState, type KeyboardEvent, type PointerEvent } from "react";

/** What is picked, and what the picture listens to; `nearest` gives the value that is nearest to so many pixels from the left edge. */
export function usePicked(count: number, nearest: (left: number) => number) {
  const [picked, setPicked] = useState<number | null>(null);
  const listens = {
    onPointerMove: (event: PointerEvent<SVGSVGElement>) => setPicked(nearest(event.clientX - event.currentTarget.getBoundingClientRect().left)),
    onPointerLeave: () => setPicked(null),
    onBlur: () => setPicked(null),
    onKeyDown: (event: KeyboardEvent) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      if (step === 0) return;
      event.preventDefault();
      setPicked(Math.min(count - 1, Math.max(0, (picked ?? -step) + step)));
    },
  };
  return { picked, listens };
}
