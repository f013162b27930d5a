// SPDX-License-Identifier: Apache-2.0
// Applications as a tree: protocols, and below them the services that were told apart.
import { term } from "../../filter/build";
import type { Top, TopRow } from "../../gen/api";

export interface Branch {
  /** `TLS`. */
  name: string;
  row: TopRow;
  /** `TLS.YouTube` …, and `TLS` itself where flows have no service. */
  services: { name: string; row: TopRow }[];
}

/** Joins the protocols with the labels below them; both in the order of the answers. */
export function tree(protocols: Top, labels: Top): Branch[] {
  const below = new Map<string, { name: string; row: TopRow }[]>();
  for (const row of labels.rows) {
    const name = String(row.key[0] ?? "");
    const protocol = name.split(".", 1)[0] ?? name;
    below.set(protocol, [...(below.get(protocol) ?? []), { name, row }]);
  }
  return protocols.rows.map((row) => {
    const name = String(row.key[0] ?? "");
    const services = below.get(name) ?? [];
    return { name, row, services: services.length === 1 && services[0]?.name === name ? [] : services };
  });
}

/** Filter of what is chosen: a label is one application; a protocol, written with `.*`, all of its services. */
export function termOf(chosen: string | null): string | null {
  if (!chosen) return null;
  return chosen.endsWith(".*") ? term("protocol(app)", chosen.slice(0, -2)) : term("app", chosen);
}
