+++
title = { en = "Large upload", ja = "大量アップロード" }
question = { en = "Did a host of ours send very much to one outside address and get little back?", ja = "内部ホストが 1 つの外部アドレスへ大量に送信し、受信はわずかではないか。" }
severity = "medium"
attack = ["T1048", "T1567"]
window = "1h"
hop = "30m"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} sent {megabytes} MB to {dst_ip} {name} within an hour and got {received} MB.", ja = "{src_ip} が 1 時間に {dst_ip} {name} へ {megabytes} MB を送信しました（受信 {received} MB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.megabytes]
default = 500
reason = { en = "Half a gigabyte to one address: mail, forms and pictures of a person stay below; a copy of a file server does not.", ja = "1 アドレスへ 0.5 GB。個人のメール・フォーム・画像はこれ未満、ファイルサーバーの複製は超える。" }

[parameters.times]
default = 4
reason = { en = "What is sent is many times what comes back; calls with pictures go both ways.", ja = "送信が受信の何倍もある。ビデオ通話は双方向。" }

[[benign]]
en = "A backup or synchronisation with a cloud that is allowed."
ja = "許可されたクラウドへのバックアップや同期。"

[[benign]]
en = "Publishing of videos or software."
ja = "動画やソフトウェアの公開。"
+++
-- Sums over a pair of addresses, scaled by the sampling rate. Pairs that send too little are sorted out by one number of both, which
-- others can have by chance.
WITH outward AS (
    SELECT $window AS window_start, src_ip, dst_ip, src_bytes, dst_bytes, sampling_rate, tls_sni, http_host, dst_name, hash($window, src_ip, dst_ip) AS pair
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND NOT COALESCE(dst_local, is_private(dst_ip))
      AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
),
much AS MATERIALIZED (
    SELECT pair FROM outward GROUP BY pair HAVING SUM(src_bytes * COALESCE(sampling_rate, 1)) >= $megabytes * 1000000
)
SELECT window_start, src_ip, dst_ip, name, CAST(sent / 1000000 AS BIGINT) AS megabytes, CAST(got / 1000000 AS BIGINT) AS received
FROM (
    SELECT o.window_start, o.src_ip, o.dst_ip, COALESCE(MAX(o.tls_sni), MAX(o.http_host), MAX(o.dst_name), '') AS name,
           SUM(o.src_bytes * COALESCE(o.sampling_rate, 1)) AS sent, SUM(o.dst_bytes * COALESCE(o.sampling_rate, 1)) AS got
    FROM outward AS o
    JOIN much AS m ON o.pair = m.pair
    GROUP BY o.window_start, o.src_ip, o.dst_ip
) AS pairs
WHERE sent >= $megabytes * 1000000 AND sent >= got * $times
