+++
title = { en = "Mail past our servers", ja = "自社サーバーを通らないメール" }
question = { en = "Does a host send mail to a server outside that it has not used in the last week?", ja = "ホストが、過去 1 週間に使っていない外部のメールサーバーへ送信していないか。" }
severity = "low"
attack = ["T1071.003", "T1048"]
window = "1h"
every = "30m"
history = "7d"
text = { en = "{src_ip} sent mail to {dst_ip} {name}, to which it had sent none in the week before.", ja = "{src_ip} が {dst_ip} {name} へメールを送信しました。過去 1 週間には送信していません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.days]
default = 3
reason = { en = "Days on which the host has been seen: before, everything is new.", ja = "ホストを観測した日数。これ未満ではすべてが新しい。" }

[parameters.servers]
default = 3
reason = { en = "A host that has sent to more servers than that is a mail server.", ja = "これより多くのサーバーへ送信してきたホストはメールサーバー。" }

[[benign]]
en = "A new provider of mail."
ja = "新しいメールプロバイダー。"
+++
-- Mail by submission and delivery, by what was recognised, by port only where nothing was.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(mail_server), COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '')) AS name
FROM flows
WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SMTP', 'SMTPS') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (25, 465, 587))) AND dst_packets > 3 AND COALESCE(src_local, is_private(src_ip))
  AND src_ip IN (SELECT src_ip FROM flows WHERE $history GROUP BY src_ip HAVING COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) >= $days)
  AND src_ip NOT IN (SELECT src_ip FROM flows WHERE $history AND proto = 6 AND (split_part(app, '.', 1) IN ('SMTP', 'SMTPS') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (25, 465, 587))) GROUP BY src_ip HAVING COUNT(DISTINCT dst_ip) > $servers)
  AND concat(ip_text(src_ip), ' ', ip_text(dst_ip)) NOT IN (SELECT concat(ip_text(src_ip), ' ', ip_text(dst_ip)) FROM flows WHERE $history AND proto = 6 AND (split_part(app, '.', 1) IN ('SMTP', 'SMTPS') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (25, 465, 587))))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
