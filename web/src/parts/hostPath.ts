// SPDX-License-Identifier: Apache-2.0
// The page of a host in the same range, without the filter of the page before.
export function hostPath(address: string, search: string): string {
  const params = new URLSearchParams(search);
  params.delete("q");
  params.delete("known");
  return `/hosts/${encodeURIComponent(address)}?${params}`;
}
