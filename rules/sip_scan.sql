+++
title = { en = "Telephone numbers or servers tried", ja = "電話サーバー・内線番号の探索" }
question = { en = "Does somebody look for telephone servers, or for numbers at one of them?", ja = "電話サーバーや内線番号が探索されていないか。" }
severity = "medium"
attack = ["T1595", "T1110"]
window = "5m"
every = "30s"
key = ["src_ip", "method"]
text = { en = "{src_ip} tried {targets} numbers or servers by SIP {method} within five minutes.", ja = "{src_ip} が 5 分間に SIP {method} で {targets} 個の番号またはサーバーを試しました。" }
filter = "src_ip = {src_ip} and sip_method = {method}"

[parameters.targets]
default = 30
reason = { en = "A telephone registers its one number, a person calls a few.", ja = "電話機が登録する番号は 1 つ、人がかける相手は数件。" }

[[benign]]
en = "Monitoring of many telephones by OPTIONS."
ja = "OPTIONS による多数の電話機の監視。"
+++
-- Distinct pairs of server and called address that were refused (401, 403, 404, 407) or gave no answer, and are most of all.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, method, COUNT(*) FILTER (WHERE refused) AS targets
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, sip_method AS method, dst_ip, sip_to,
           BOOL_AND(dst_packets = 0 OR COALESCE(sip_status, 0) IN (401, 403, 404, 407)) AS refused
    FROM flows
    WHERE $range AND sip_method IN ('INVITE', 'REGISTER', 'OPTIONS')
    GROUP BY $window, src_ip, sip_method, dst_ip, sip_to
) AS tried
GROUP BY window_start, src_ip, method
HAVING COUNT(*) FILTER (WHERE refused) >= $targets AND COUNT(*) FILTER (WHERE refused) * 2 > COUNT(*)
