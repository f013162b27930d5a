+++
title = { en = "Encrypted sessions like those of malware", ja = "マルウェアに似た暗号化通信" }
question = { en = "Does the model of encrypted traffic take several sessions of a host of the network with one destination for those of malware?", ja = "暗号化通信のモデルが、ある内部ホストと 1 つの宛先との複数のセッションをマルウェアの通信と判定していないか。" }
severity = "medium"
attack = ["T1573", "T1071.001"]
window = "1h"
every = "5m"
quiet = "6h"
text = { en = "{sessions} of {judged} encrypted sessions of {src_ip} with {dst_ip} {name} (port {dst_port}) look like those of malware: highest score {score} per cent, model {model}. The page of each session says why.", ja = "{src_ip} と {dst_ip} {name}（ポート {dst_port}）の暗号化セッション {judged} 件中 {sessions} 件がマルウェアの通信に似ています（最高スコア {score}％、モデル {model}）。理由は各セッションのページで確認できます。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and eta_class = malware_c2"

[parameters.least]
default = 3
reason = { en = "One session of a hundred is judged wrongly; malware calls again and again.", ja = "1 セッションだけの誤判定はあり得るが、マルウェアは繰り返し接続する。" }

[parameters.share]
default = 75
reason = { en = "Per cent of the judged sessions with this destination: a program that people use has sessions of all kinds, of which some are misjudged.", ja = "この宛先との判定済みセッションに占める割合（％）。人が使うプログラムの通信は多様で、誤判定は一部にとどまる。" }

[parameters.score]
default = 90
reason = { en = "Per cent of probability that the model gives at least once.", ja = "モデルが少なくとも 1 回示す確率（％）。" }

[parameters.peers]
default = 10
reason = { en = "A destination that so many hosts of ours call is known to be of everyday, whatever its sessions look like.", ja = "これほど多くの内部ホストが接続する宛先は、通信の見え方によらず日常的なサービス。" }

[[benign]]
en = "A program with a TLS library of its own, such as an agent of monitoring, that the model has not seen in training."
ja = "監視エージェントなど独自の TLS ライブラリーを使い、モデルの学習になかったプログラム。"

[[benign]]
en = "A device that reports to its maker in short sessions at a fixed pace."
ja = "一定の間隔で短いセッションを開き、メーカーへ報告する機器。"
+++
WITH judged AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, COUNT(*) FILTER (WHERE eta_class = 'malware_c2') AS sessions, COUNT(*) AS judged,
           MAX(eta_score) FILTER (WHERE eta_class = 'malware_c2') AS score, MAX(eta_model) AS model, COALESCE(MAX(COALESCE(tls_sni, dst_name)), '') AS name
    FROM flows
    WHERE $range AND eta_class IN ('malware_c2', 'benign') AND duplicate_of IS NULL AND threat_feed IS NULL
      AND COALESCE(src_local, is_private(src_ip))
    GROUP BY $window, src_ip, dst_ip, dst_port, proto
),
popular AS (
    SELECT window_start, dst_ip, COUNT(DISTINCT src_ip) AS clients FROM judged GROUP BY window_start, dst_ip
)
SELECT j.window_start, j.src_ip, j.dst_ip, j.dst_port, j.proto, j.name, j.sessions, j.judged, CAST(ROUND(100 * j.score) AS BIGINT) AS score, j.model
FROM judged AS j JOIN popular AS p ON j.window_start = p.window_start AND j.dst_ip = p.dst_ip
WHERE j.sessions >= $least AND j.sessions * 100 >= j.judged * $share AND j.score * 100 >= $score AND p.clients < $peers
