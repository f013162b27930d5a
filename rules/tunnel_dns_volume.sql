+++
title = { en = "Tunnel in DNS traffic", ja = "DNS 通信を使ったトンネル" }
question = { en = "Do DNS messages of one host carry as much as they can, one after another?", ja = "1 台のホストの DNS メッセージが、上限に近い量のデータを次々と運んでいないか。" }
severity = "high"
attack = ["T1071.004", "T1048", "T1572"]
window = "10m"
every = "5m"
text = { en = "{src_ip} sent {queries} queries of {question} octets on average to {dst_ip} within ten minutes, one conversation with up to {most}; answers have {answer} octets.", ja = "{src_ip} が 10 分間に {dst_ip} へ平均 {question} オクテットの問い合わせを {queries} 件送信しました（1 会話で最大 {most} 件、応答は平均 {answer} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.queries]
default = 100
reason = { en = "A resolver asks more, but each question from a new port and in a few dozen octets.", ja = "リゾルバーはより多く問い合わせるが、毎回新しいポートから数十オクテットで行う。" }

[parameters.octets]
default = 95
reason = { en = "A question of an everyday name has 60 to 80 octets with its headers; a tunnel fills the name.", ja = "通常の名前の問い合わせはヘッダー込みで 60〜80 オクテット。トンネルは名前を埋め尽くす。" }

[parameters.same]
default = 20
reason = { en = "Questions in one conversation: systems take a new port for each since 2008.", ja = "1 会話の問い合わせ数。2008 年以降のシステムは毎回新しいポートを使う。" }

[[benign]]
en = "A resolver behind a forwarder that keeps one port."
ja = "1 つのポートを使い続けるフォワーダーを介したリゾルバー。"

[[benign]]
en = "A virus scanner that asks its maker about files by DNS."
ja = "DNS でメーカーへ照会するウイルス対策ソフト。"
+++
-- Conversations by UDP in which many questions follow each other, and the octets per question, with the IP header.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, SUM(src_packets) AS queries, MAX(src_packets) AS most,
       CAST(SUM(src_bytes) / SUM(src_packets) AS BIGINT) AS question, CAST(SUM(dst_bytes) / GREATEST(SUM(dst_packets), 1) AS BIGINT) AS answer
FROM flows
WHERE $range AND proto = 17 AND src_packets > 0 AND duplicate_of IS NULL AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53))
  AND COALESCE(dns_query, '') NOT LIKE '%.arpa' AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(src_packets) >= $queries AND SUM(src_bytes) >= SUM(src_packets) * $octets AND MAX(src_packets) >= $same
   AND SUM(dst_packets) * 2 >= SUM(src_packets)
