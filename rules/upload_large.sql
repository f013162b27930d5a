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
-- Sums over a pair of addresses, scaled by the sampling rate.
SELECT window_start, flow_first, flow_last, src_ip, dst_ip, name, CAST(sent / 1000000 AS BIGINT) AS megabytes, CAST(got / 1000000 AS BIGINT) AS received
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name,
           SUM(src_bytes * COALESCE(sampling_rate, 1)) AS sent, SUM(dst_bytes * COALESCE(sampling_rate, 1)) AS got
    FROM $part.upload_flows
    WHERE $range
    GROUP BY $window, src_ip, dst_ip
) AS pairs
WHERE sent >= $megabytes * 1000000 AND sent >= got * $times
