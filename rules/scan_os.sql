+++
title = { en = "Operating system probed", ja = "OS の特定" }
question = { en = "Does somebody send a host several kinds of odd TCP packets, to tell its system by the answers?", ja = "応答から OS を特定するために、複数種類の不正な TCP パケットがホストへ送られていないか。" }
severity = "medium"
attack = ["T1046", "T1595.001"]
window = "1m"
every = "30s"
text = { en = "{src_ip} sent {dst_ip} {kinds} kinds of TCP packets that no system sends, within a minute.", ja = "{src_ip} が 1 分間に、通常のシステムが送らない {kinds} 種類の TCP パケットを {dst_ip} へ送りました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and proto = tcp"

[parameters.kinds]
default = 2
reason = { en = "A fault gives one kind; a fingerprint is taken by several.", ja = "不具合なら 1 種類。特定には複数種類を使う。" }

[[benign]]
en = "A scan of vulnerabilities that is allowed."
ja = "許可された脆弱性スキャン。"
+++
-- No flag at all, FIN alone, FIN+PSH+URG, and SYN together with FIN, without ACK. No flag at all counts only where the answers have
-- flags or a probe saw the packets.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, COUNT(*) AS kinds
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, CASE WHEN tcp_src_flags & 2 = 2 THEN 'SYN+FIN' ELSE CAST(tcp_src_flags AS VARCHAR) END AS kind
    FROM flows
    WHERE $range AND proto = 6 AND src_packets BETWEEN 1 AND 50
      AND (tcp_src_flags IN (1, 41) OR (tcp_src_flags & 3 = 3 AND tcp_src_flags & 20 = 0)
        OR (tcp_src_flags = 0 AND (tcp_dst_flags > 0 OR source = 'probe')))
    GROUP BY $window, src_ip, dst_ip, CASE WHEN tcp_src_flags & 2 = 2 THEN 'SYN+FIN' ELSE CAST(tcp_src_flags AS VARCHAR) END
) AS odd
GROUP BY window_start, src_ip, dst_ip
HAVING COUNT(*) >= $kinds
