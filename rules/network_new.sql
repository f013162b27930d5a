+++
title = { en = "New network", ja = "新しいネットワーク" }
question = { en = "Do addresses of a private network send that nobody has seen in two weeks?", ja = "過去 2 週間に観測されていないプライベートネットワークのアドレスが送信していないか。" }
severity = "low"
attack = ["T1200", "T1599"]
window = "1h"
every = "1h"
history = "14d"
key = ["network"]
text = { en = "{hosts} address(es) of the private network {network} sent, such as {example}; nobody had seen that network in two weeks.", ja = "プライベートネットワーク {network} の {hosts} 個のアドレス（{example} など）が送信しました。過去 2 週間には観測されていません。" }
filter = "src_ip in {network}"

[parameters.days]
default = 7
reason = { en = "Days of flows in the past: before, everything is new.", ja = "過去のフローの日数。これ未満ではすべてが新しい。" }

[parameters.packets]
default = 5
reason = { en = "A single packet may have a false address.", ja = "1 パケットなら送信元の詐称もあり得る。" }

[[benign]]
en = "A branch, a laboratory or a VPN that was connected."
ja = "新しく接続した拠点・実験網・VPN。"

[[benign]]
en = "A router at home or a telephone that shares its line, behind which somebody works."
ja = "利用者の背後にある家庭用ルーターやテザリング。"
+++
-- Private IPv4 networks of 256 addresses whose hosts sent something.
SELECT $window AS window_start, net(src_ip, 24) AS network, COUNT(DISTINCT src_ip) AS hosts, MIN(ip_text(src_ip)) AS example
FROM flows
WHERE $range AND src_packets > 0 AND ip_version(src_ip) = 4 AND is_private(src_ip) AND duplicate_of IS NULL
  AND NOT in_net(src_ip, '127.0.0.0/8') AND NOT in_net(src_ip, '169.254.0.0/16')
  AND net(src_ip, 24) NOT IN (SELECT net(src_ip, 24) FROM flows WHERE $history AND src_packets > 0)
  AND net(src_ip, 24) NOT IN (SELECT net(dst_ip, 24) FROM flows WHERE $history AND dst_packets > 0)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history) >= $days
GROUP BY $window, net(src_ip, 24)
HAVING SUM(src_packets) >= $packets
