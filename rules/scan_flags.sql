+++
title = { en = "Scan with odd TCP flags", ja = "不正な TCP フラグによるスキャン" }
question = { en = "Does somebody send TCP packets that no system sends, to learn from the answers?", ja = "応答から情報を得るために、通常のシステムが送らない TCP パケットを送っていないか。" }
severity = "high"
attack = ["T1046"]
window = "1m"
every = "30s"
key = ["src_ip", "kind"]
text = { en = "{src_ip} sent {kind} packets to {targets} ports on {hosts} host(s) within a minute.", ja = "{src_ip} が 1 分間に {kind} パケットを {hosts} 台のホストの {targets} 個のポートへ送りました。" }
filter = "src_ip = {src_ip} and proto = tcp"

[parameters.targets]
default = 10
reason = { en = "A broken device repeats itself towards one port; ten ports want a scanner.", ja = "壊れた機器は同じポートに繰り返すだけ。10 個のポートに及ぶのはスキャナー。" }

[[benign]]
en = "A test of a firewall or an intrusion detection system that is allowed."
ja = "許可されたファイアウォールや侵入検知システムの試験。"

[[benign]]
en = "A load balancer or a middlebox with a fault."
ja = "不具合のあるロードバランサーや中間装置。"
+++
-- FIN alone, FIN+PSH+URG (Xmas), SYN+FIN and no flag at all never begin a conversation (RFC 9293). No flag at all counts only
-- where the answers have flags or a probe saw the packets: exporters that know no flags write 0.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, kind, COUNT(*) AS targets, COUNT(DISTINCT dst_ip) AS hosts
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, dst_port,
           CASE WHEN tcp_src_flags = 0 THEN 'NULL' WHEN tcp_src_flags = 1 THEN 'FIN' WHEN tcp_src_flags = 41 THEN 'Xmas' ELSE 'SYN+FIN' END AS kind
    FROM flows
    WHERE $range AND proto = 6 AND src_packets BETWEEN 1 AND 3 AND dst_packets <= 3
      AND (tcp_src_flags IN (1, 41) OR tcp_src_flags & 19 = 3
        OR (tcp_src_flags = 0 AND (tcp_dst_flags > 0 OR source = 'probe')))
    GROUP BY $window, src_ip, dst_ip, dst_port, tcp_src_flags
) AS odd
GROUP BY window_start, src_ip, kind
HAVING COUNT(*) > $targets
