+++
title = { en = "New service", ja = "新しいサービス" }
question = { en = "Does a host of ours offer a service on a port that it did not offer in the two weeks before?", ja = "内部ホストが、過去 2 週間に提供していなかったポートでサービスを提供していないか。" }
severity = "low"
attack = ["T1543", "T1571"]
window = "1h"
every = "1h"
history = "14d"
key = ["dst_ip", "dst_port"]
text = { en = "{dst_ip} answers on port {dst_port} ({app}) since now: {clients} client(s), such as {example}.", ja = "{dst_ip} がポート {dst_port}（{app}）で応答を始めました（クライアント {clients} 台、例：{example}）。" }
filter = "dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.days]
default = 7
reason = { en = "Days of flows in the past in which the host was seen: before, everything is new.", ja = "そのホストを観測した過去の日数。これ未満ではすべてが新しい。" }

[parameters.packets]
default = 4
reason = { en = "A service that says something, not one that closes at once.", ja = "すぐ閉じるものではなく、何かを応答するサービス。" }

[[benign]]
en = "A program that was installed or moved."
ja = "導入または移設したソフトウェア。"

[[benign]]
en = "A program that somebody runs for a moment, such as a test server."
ja = "一時的に動かした試験用サーバーなど。"
+++
-- Inside hosts that accept connections (SYN answered) on a port below 32768, above which clients and transfers have theirs. Hosts that were not there before are told by device_new.
SELECT $window AS window_start, dst_ip, dst_port, COALESCE(MAX(app), 'Unknown') AS app, COUNT(DISTINCT src_ip) AS clients, MIN(ip_text(src_ip)) AS example
FROM flows
WHERE $range AND proto = 6 AND dst_port < 32768 AND dst_packets >= $packets AND tcp_dst_flags & 2 = 2 AND duplicate_of IS NULL AND COALESCE(dst_local, is_private(dst_ip))
  AND dst_ip IN (
      SELECT host FROM (
          SELECT src_ip AS host, date_bin(INTERVAL '1 day', time_start) AS day FROM flows WHERE $history AND src_packets > 0
          UNION ALL
          SELECT dst_ip AS host, date_bin(INTERVAL '1 day', time_start) AS day FROM flows WHERE $history AND dst_packets > 0
      ) AS seen
      GROUP BY host
      HAVING COUNT(DISTINCT day) >= $days)
  AND hash(dst_ip, dst_port) NOT IN (SELECT hash(dst_ip, dst_port) FROM flows WHERE $history AND proto = 6 AND dst_packets > 1 AND tcp_dst_flags & 2 = 2)
GROUP BY $window, dst_ip, dst_port
