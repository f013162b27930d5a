+++
title = { en = "Scan with acknowledgements", ja = "ACK によるスキャン" }
question = { en = "Does somebody send acknowledgements of connections that do not exist to many ports, to learn what a filter lets pass?", ja = "存在しない接続への確認応答を多数のポートへ送り、フィルターの通過可否を調べていないか。" }
severity = "medium"
attack = ["T1046"]
window = "1m"
every = "30s"
key = ["src_ip"]
text = { en = "{src_ip} sent acknowledgements without a connection to {ports} ports on {hosts} host(s) within a minute; {answered} were answered by a reset.", ja = "{src_ip} が 1 分間に、接続のない確認応答を {hosts} 台のホストの {ports} 個のポートへ送りました（リセット応答 {answered} 件）。" }
filter = "src_ip = {src_ip} and proto = tcp"

[parameters.ports]
default = 30
reason = { en = "What is left of old connections goes to the few ports of services.", ja = "古い接続の名残は、サービスの少数のポートに限られる。" }

[[benign]]
en = "A test of a firewall that is allowed."
ja = "許可されたファイアウォールの試験。"
+++
-- One or two packets with ACK (or FIN and ACK) only, and nothing but resets back (RFC 9293 §3.10.7.1).
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_port) AS ports, COUNT(DISTINCT dst_ip) AS hosts, COUNT(*) FILTER (WHERE tcp_dst_flags & 4 = 4) AS answered
FROM flows
WHERE $range AND proto = 6 AND tcp_src_flags IN (16, 17) AND src_packets BETWEEN 1 AND 2 AND dst_packets <= 2 AND src_bytes <= src_packets * 60 AND COALESCE(tcp_dst_flags, 0) & 59 = 0
  AND duplicate_of IS NULL
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_port) >= $ports
