+++
title = { en = "Tunnel in DNS over HTTPS", ja = "DNS over HTTPS を使ったトンネル" }
question = { en = "Does a host ask a resolver through HTTPS in a way that carries data rather than names?", ja = "HTTPS でリゾルバーに問い合わせるホストが、名前ではなくデータを運んでいないか。" }
severity = "medium"
attack = ["T1572", "T1071.004"]
window = "1h"
every = "5m"
quiet = "6h"
text = { en = "{sessions} encrypted session(s) of {src_ip} with {dst_ip} {name} (port {dst_port}) look like a tunnel in DNS over HTTPS: {octets} octets sent, highest score {score} per cent, model {model}. The page of each session says why.", ja = "{src_ip} と {dst_ip} {name}（ポート {dst_port}）の暗号化セッション {sessions} 件が DNS over HTTPS のトンネルに似ています（送信 {octets} オクテット、最高スコア {score}％、モデル {model}）。理由は各セッションのページで確認できます。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and eta_class = doh_tunnel"

[parameters.octets]
default = 10000
reason = { en = "Octets that the host sent in such sessions: fewer carry nothing that matters, and of few questions more are misjudged.", ja = "そのセッションでホストが送信したオクテット数。これより少なければ実害のある量を運べず、問い合わせが少ないほど誤判定も多い。" }

[parameters.score]
default = 80
reason = { en = "Per cent of probability that the model gives at least once.", ja = "モデルが少なくとも 1 回示す確率（％）。" }

[parameters.peers]
default = 10
reason = { en = "Where so many hosts of ours seem to tunnel through one destination, it is a program of everyday that the model does not know.", ja = "これほど多くの内部ホストが同じ宛先で該当するなら、モデルが知らない日常的なプログラム。" }

[[benign]]
en = "A mail server or a virus scanner that asks lists by long names, a new one each time, through a resolver by HTTPS."
ja = "毎回異なる長い名前で、HTTPS のリゾルバーを通じて一覧に照会するメールサーバーやウイルス対策ソフト。"

[[benign]]
en = "A program that exchanges many small messages through one connection, such as a console in the browser."
ja = "ブラウザー上のコンソールなど、1 つの接続で小さなメッセージを多数やり取りするプログラム。"
+++
WITH taken AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, COUNT(*) AS sessions, SUM(src_bytes) AS octets,
           MAX(eta_score) AS score, MAX(eta_model) AS model, COALESCE(MAX(COALESCE(tls_sni, dst_name)), '') AS name
    FROM flows
    WHERE $range AND eta_class = 'doh_tunnel' AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
    GROUP BY $window, src_ip, dst_ip, dst_port, proto
),
popular AS (
    SELECT window_start, dst_ip, COUNT(DISTINCT src_ip) AS clients FROM taken GROUP BY window_start, dst_ip
)
SELECT t.window_start, t.src_ip, t.dst_ip, t.dst_port, t.proto, t.name, t.sessions, t.octets, CAST(ROUND(100 * t.score) AS BIGINT) AS score, t.model
FROM taken AS t JOIN popular AS p ON t.window_start = p.window_start AND t.dst_ip = p.dst_ip
WHERE t.octets >= $octets AND t.score * 100 >= $score AND p.clients < $peers
