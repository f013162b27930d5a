+++
title = { en = "Accounts tried at the domain controller", ja = "ドメインコントローラーでのアカウント試行" }
question = { en = "Does one client ask for tickets again and again, as when a list of accounts is tried?", ja = "アカウント一覧を試すように、1 つのクライアントがチケットを繰り返し要求していないか。" }
severity = "medium"
attack = ["T1110.003", "T1087.002"]
window = "5m"
every = "30s"
text = { en = "{src_ip} had {exchanges} short Kerberos exchanges with {dst_ip} within five minutes, {octets} octets each.", ja = "{src_ip} が 5 分間に {dst_ip} と短い Kerberos 交換を {exchanges} 回行いました（各 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and app = Kerberos"

[parameters.exchanges]
default = 60
reason = { en = "A login takes two or three exchanges, and tickets live for hours; a server for many people stays below one in five seconds.", ja = "ログイン 1 回で 2〜3 回の交換、チケットは数時間有効。多人数用サーバーでも 5 秒に 1 回未満。" }

[parameters.spread]
default = 20
reason = { en = "Refusals have one size; tickets differ by their groups. Distance of the quartiles in per cent of the median.", ja = "拒否は同じ大きさ、チケットは所属グループで異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "A terminal server at the start of work; a gateway that checks passwords for others."
ja = "始業時のターミナルサーバー、他のために認証するゲートウェイ。"
+++
-- Conversations by source port with no more than two kilobytes back: answers with a ticket of a member of groups are larger.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, COUNT(*) AS exchanges, CAST(approx_percentile_cont(received, 0.5) AS BIGINT) AS octets
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, src_port, dst_ip, dst_port, SUM(dst_bytes) AS received
    FROM flows
    WHERE $range AND (split_part(app, '.', 1) = 'Kerberos' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 88)) AND dst_packets > 0
    GROUP BY $window, src_ip, src_port, dst_ip, dst_port
) AS exchanges
WHERE received <= 2000
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $exchanges
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25) <= approx_percentile_cont(received, 0.5) * $spread / 100
