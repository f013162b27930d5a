+++
title = { en = "Known bad address or name", ja = "既知の不正なアドレス・名前" }
question = { en = "Does somebody talk to what a feed of threats knows?", ja = "脅威フィードに載っている相手と通信していないか。" }
severity = "high"
attack = ["T1071"]
window = "5m"
every = "30s"
quiet = "1h"
key = ["src_ip", "dst_ip", "threat_feed", "threat_indicator"]
text = { en = "{src_ip} and {dst_ip}: {threat_indicator} ({threat_matched}) is in the feed {threat_feed}; {src_bytes} bytes there, {dst_bytes} back.", ja = "{src_ip} と {dst_ip}：{threat_indicator}（{threat_matched}）はフィード {threat_feed} に載っています。送信 {src_bytes} バイト、受信 {dst_bytes} バイト。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.flows]
default = 0
reason = { en = "One flow is enough: a feed is meant to say so. Raise it where a feed has shared addresses in it.", ja = "1 フローで十分。フィードはそのためのもの。共有アドレスを含むフィードでは上げる。" }

[[benign]]
en = "A shared address: others behind it are meant, or it has changed hands since it was listed."
ja = "共有アドレス。本来の対象は同じアドレスの別の利用者か、掲載後に持ち主が変わった。"

[[benign]]
en = "A scanner from outside that is listed tries everybody, and nothing answers."
ja = "掲載されている外部のスキャナーが無差別に試しているだけで、応答していない。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, threat_feed, threat_indicator, threat_matched,
       COUNT(*) AS flows, SUM(src_bytes) AS src_bytes, SUM(dst_bytes) AS dst_bytes
FROM flows
WHERE $range AND threat_feed IS NOT NULL
GROUP BY $window, src_ip, dst_ip, dst_port, proto, threat_feed, threat_indicator, threat_matched
HAVING COUNT(*) > $flows
