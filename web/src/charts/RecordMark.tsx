// SPDX-License-Identifier: Apache-2.0
// The sign of a TLS record. Kinds differ by form, not by colour alone.
import type { Kind } from "./records";

export function RecordMark({ kind, x, y }: { kind: Kind; x: number; y: number }) {
  const form = {
    handshake: <path d="M0 -4 L4 0 L0 4 L-4 0 Z" />,
    cipher: <rect x={-1.5} y={-4} width={3} height={8} />,
    alert: <path d="M0 -4.5 L4.5 3.5 L-4.5 3.5 Z" />,
    data: <circle r={2.4} />,
    other: <path d="M-3 -3 L3 3 M3 -3 L-3 3" />,
  }[kind];
  return (
    <g className={`splt-record ${kind}`} transform={`translate(${x} ${y})`}>
      {form}
    </g>
  );
}
