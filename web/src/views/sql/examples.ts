// SPDX-License-Identifier: Apache-2.0
// Questions to start from; their titles are in the language files.
export const EXAMPLES = [
  { name: "apps", sql: "SELECT app, COUNT(*) AS flows, SUM(src_bytes + dst_bytes) AS bytes\nFROM flows\nGROUP BY app\nORDER BY bytes DESC\nLIMIT 50" },
  { name: "scan", sql: "SELECT src_ip, COUNT(DISTINCT dst_port) AS ports\nFROM flows\nGROUP BY src_ip\nHAVING COUNT(DISTINCT dst_port) > 100\nORDER BY ports DESC" },
  { name: "tls", sql: "SELECT tls_version, tls_cipher, COUNT(*) AS flows\nFROM flows\nWHERE tls_version IS NOT NULL\nGROUP BY tls_version, tls_cipher\nORDER BY flows DESC" },
  { name: "names", sql: "SELECT dns_query, COUNT(*) AS asked, COUNT(DISTINCT src_ip) AS hosts\nFROM flows\nWHERE dns_query IS NOT NULL\nGROUP BY dns_query\nORDER BY asked DESC\nLIMIT 100" },
];
