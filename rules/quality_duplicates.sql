+++
title = { en = "Flows seen twice", ja = "重複して観測されるフロー" }
question = { en = "Is much of what an exporter sends told by another one, too?", ja = "エクスポーターが送るフローの多くが、別のエクスポーターからも届いていないか。" }
severity = "low"
attack = []
window = "1h"
every = "5m"
key = ["exporter"]
text = { en = "{share} % of {flows} flows of {exporter} were told by {other} before.", ja = "{exporter} のフロー {flows} 件のうち {share}% は {other} から先に届いていました。" }
filter = "exporter_ip = {exporter}"

[parameters.share]
default = 50
reason = { en = "Per cent: paths that cross two exporters give half or more.", ja = "割合（％）。2 台のエクスポーターを通る経路では半分以上になる。" }

[parameters.flows]
default = 1000
reason = { en = "With fewer the share says little.", ja = "これより少ないと割合に意味がない。" }

[[benign]]
en = "Two routers on one path, both of which export on purpose: the copies do not count in sums."
ja = "1 つの経路上の 2 台が意図的に送る場合（重複分は集計に含まれない）。"
+++
-- Rows that were recognised as copies, per exporter.
SELECT $window AS window_start, ip_text(exporter_ip) AS exporter, COUNT(*) AS flows, CAST(COUNT(duplicate_of) * 100 / COUNT(*) AS BIGINT) AS share,
       COALESCE(MIN(ip_text(duplicate_of)), '-') AS other
FROM flows
WHERE $range AND exporter_ip IS NOT NULL
GROUP BY $window, ip_text(exporter_ip)
HAVING COUNT(*) >= $flows AND COUNT(duplicate_of) * 100 >= COUNT(*) * $share
