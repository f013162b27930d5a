+++
title = { en = "Exporter is silent", ja = "エクスポーターの沈黙" }
question = { en = "Has an exporter stopped sending that sent all day?", ja = "1 日中送信していたエクスポーターが止まっていないか。" }
severity = "medium"
attack = ["T1562"]
window = "1h"
every = "30m"
history = "1d"
key = ["exporter"]
text = { en = "{exporter} sent flows in {hours} of the 24 hours before, and none in this one.", ja = "{exporter} は直前 24 時間のうち {hours} 時間フローを送っていましたが、この 1 時間は送っていません。" }
filter = "exporter_ip = {exporter}"

[parameters.hours]
default = 20
reason = { en = "An exporter that sends in fewer hours has a quiet network.", ja = "これより少ない時間しか送らないものは静かなネットワーク。" }

[parameters.minutes]
default = 30
reason = { en = "Minutes of the hour that have passed at least, by the flows of others.", ja = "他のフローから見て経過しているべき分数。" }

[[benign]]
en = "Maintenance that was announced."
ja = "予告された保守。"
+++
-- Exporters of the day before against those of the hour, while others still send.
SELECT n.window_start, b.exporter, b.hours
FROM (
    SELECT $window AS window_start, MAX(time_start) AS latest FROM flows WHERE $range GROUP BY $window
) AS n
CROSS JOIN (
    SELECT ip_text(exporter_ip) AS exporter, COUNT(DISTINCT $window) AS hours
    FROM flows
    WHERE $history AND exporter_ip IS NOT NULL
    GROUP BY ip_text(exporter_ip)
) AS b
WHERE b.hours >= $hours AND CAST(n.latest AS BIGINT) - CAST(n.window_start AS BIGINT) >= $minutes * 60000000000
  AND b.exporter NOT IN (SELECT ip_text(exporter_ip) FROM flows WHERE $range AND exporter_ip IS NOT NULL)
