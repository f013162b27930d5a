+++
title = { en = "Peer-to-peer file sharing", ja = "P2P ファイル共有" }
question = { en = "Does a host share files with strangers?", ja = "ホストが見知らぬ相手とファイルを共有していないか。" }
severity = "low"
attack = ["T1567", "T1105"]
window = "1h"
every = "5m"
key = ["src_ip", "app"]
text = { en = "{src_ip} shares files by {app} with {peers} peers ({megabytes} MB).", ja = "{src_ip} が {app} で {peers} 個のピアとファイルを共有しています（{megabytes} MB）。" }
filter = "src_ip = {src_ip} and app = \"{app}\""

[parameters.peers]
default = 3
reason = { en = "A single flow may be recognised wrongly.", ja = "1 フローだけなら誤認の可能性がある。" }

[[benign]]
en = "Updates of games and systems that are spread this way."
ja = "この方式で配布されるゲームやシステムの更新。"
+++
-- BitTorrent, eDonkey and Gnutella by their content.
SELECT $window AS window_start, src_ip, split_part(app, '.', 1) AS app, COUNT(DISTINCT dst_ip) AS peers, CAST(SUM(src_bytes + dst_bytes) / 1000000 AS BIGINT) AS megabytes
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('BitTorrent', 'eDonkey', 'Gnutella') AND COALESCE(src_local, is_private(src_ip))
GROUP BY $window, src_ip, split_part(app, '.', 1)
HAVING COUNT(DISTINCT dst_ip) >= $peers
