+++
title = { en = "Denied again and again", ja = "繰り返し拒否される通信" }
question = { en = "Does one address run against the firewall on many doors?", ja = "1 つのアドレスがファイアウォールに何度も拒否されていないか。" }
severity = "medium"
attack = ["T1046"]
window = "5m"
every = "30s"
key = ["src_ip"]
text = { en = "The firewall denied {src_ip} {denials} times within five minutes, to {targets} ports or hosts.", ja = "ファイアウォールが 5 分間に {src_ip} を {denials} 回拒否しました（{targets} 個の宛先）。" }
filter = "src_ip = {src_ip} and firewall_event = denied"

[parameters.targets]
default = 30
reason = { en = "A program with a wrong setting runs against one door.", ja = "設定を誤ったプログラムの宛先は 1 つ。" }

[[benign]]
en = "A device that looks for its maker's servers."
ja = "メーカーのサーバーを探す機器。"
+++
-- Distinct targets among the denials that a firewall told.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, COUNT(*) AS targets, CAST(SUM(n) AS BIGINT) AS denials
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, dst_port, COUNT(*) AS n
    FROM flows
    WHERE $range AND firewall_event = 'denied'
    GROUP BY $window, src_ip, dst_ip, dst_port
) AS denied
GROUP BY window_start, src_ip
HAVING COUNT(*) >= $targets
