+++
title = { en = "VPN to the outside", ja = "外部への VPN" }
question = { en = "Does a host keep a private tunnel to an address outside?", ja = "ホストが外部アドレスへの VPN を張っていないか。" }
severity = "low"
attack = ["T1572", "T1090"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} moved {kilobytes} kB by {app} with {dst_ip} {name}.", ja = "{src_ip} が {app} で {dst_ip} {name} と {kilobytes} kB を通信しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.kilobytes]
default = 100
reason = { en = "A tunnel that is used; less is a try.", ja = "実際に使われているトンネル。これ未満は試行。" }

[[benign]]
en = "Remote work, a tunnel between sites."
ja = "リモートワーク、拠点間トンネル。"
+++
-- OpenVPN, WireGuard, IPsec, PPTP, Tailscale, tinc and others by their content.
SELECT $window AS window_start, src_ip, dst_ip, MAX(split_part(app, '.', 1)) AS app, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('OpenVPN', 'WireGuard', 'IPSec', 'PPTP', 'CiscoVPN', 'Tailscale', 'TINC') AND duplicate_of IS NULL
  AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 0
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip
HAVING SUM(src_bytes + dst_bytes) >= $kilobytes * 1000
