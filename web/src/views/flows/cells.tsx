// SPDX-License-Identifier: Apache-2.0
// Columns of the flow table: a few composed ones for reading, and every column of the record by its name.
import type { ReactNode } from "react";
import type { FlowRow } from "../../gen/api";
import { bytes, count, micros, protocol } from "../../parts/format";
import { Icon } from "../../parts/Icon";
import { columnOf, durationMicros, endpoint, isEncrypted, isNumeric, nameOf, number, place, show, text, type Words } from "../../parts/row";
import { Time } from "../../parts/Time";

export interface CellWords extends Words {
  encrypted: string;
  confidence: (value: string) => string;
}

interface Cell {
  numeric?: boolean;
  face: (row: FlowRow, words: CellWords) => ReactNode;
}

function Endpoint({ row, side }: { row: FlowRow; side: "src" | "dst" }) {
  const known = place(row, side);
  return (
    <span title={known?.long}>
      <span className="mono">{endpoint(row, side)}</span>
      {known?.short ? <span className="place">{known.short}</span> : null}
    </span>
  );
}

const composed: Record<string, Cell> = {
  time: { face: (row) => <Time at={text(row, "time_start") ?? ""} /> },
  src: { face: (row) => <Endpoint row={row} side="src" /> },
  dst: { face: (row) => <Endpoint row={row} side="dst" /> },
  proto: { face: (row) => (row["proto"] === undefined ? "–" : protocol(row["proto"])) },
  app: {
    face: (row, words) => {
      const confidence = text(row, "app_confidence");
      return (
        <span className="app-cell">
          {isEncrypted(row) ? (
            <span className="lock" title={words.encrypted}>
              <Icon name="lock" size={13} />
              <span className="sr-only">{words.encrypted}</span>
            </span>
          ) : (
            <span className="lock" />
          )}
          <span className="app-name" title={text(row, "app") ?? ""}>
            {text(row, "app") ?? "–"}
          </span>
          {confidence && confidence !== "content" ? (
            <span className={`tag ${confidence}`} title={words.confidence(confidence)}>
              {words.confidence(confidence)}
            </span>
          ) : null}
        </span>
      );
    },
  },
  name: {
    face: (row) => {
      const name = nameOf(row);
      return name ? <span title={`${name.column} = ${name.value}`}>{name.value}</span> : <span className="faint">{"–"}</span>;
    },
  },
  sent: { numeric: true, face: (row) => bytes(number(row, "src_bytes")) },
  received: { numeric: true, face: (row) => bytes(number(row, "dst_bytes")) },
  packets: { numeric: true, face: (row) => count(number(row, "src_packets") + number(row, "dst_packets")) },
  duration: { numeric: true, face: (row) => micros(durationMicros(row)) },
};

export const COMPOSED = Object.keys(composed);
export const DEFAULT_CELLS = ["time", "src", "dst", "app", "name", "sent", "received", "packets", "duration"];

export function cellOf(name: string): Cell {
  return (
    composed[name] ?? {
      numeric: isNumeric(name),
      face: (row, words) => {
        const value = show(name, row[name], words);
        return columnOf.get(name)?.type === "time" && row[name] ? <Time at={String(row[name])} millis /> : <span className={columnOf.get(name)?.type === "text" ? "" : "mono"}>{value}</span>;
      },
    }
  );
}
