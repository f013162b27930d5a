+++
title = { en = "Tool of remote control", ja = "遠隔操作ツール" }
question = { en = "Is a host prepared for, or used by, control from outside?", ja = "ホストに外部からの遠隔操作の手段がないか。" }
severity = "low"
attack = ["T1219"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} talks to {dst_ip} {name}: {what}.", ja = "{src_ip} が {dst_ip} {name} と通信しています：{what}。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.connections]
default = 1
reason = { en = "One is enough to ask who put it there.", ja = "誰が導入したかを確認するには 1 回で十分。" }

[[benign]]
en = "Support that is allowed; staff who work from home."
ja = "許可されたサポート、在宅勤務。"
+++
-- Remote tools by their content towards the outside, and by names of their services in TLS, HTTP and DNS lookups.
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, COALESCE(MAX(split_part(app, '.', 1)) FILTER (WHERE split_part(app, '.', 1) IN ('TeamViewer', 'VNC', 'Radmin', 'NoMachine', 'VMware', 'XDMCP')),
           regexp_replace(MAX(lower(COALESCE(tls_sni, http_host, dst_name))), '^.*?([^.]+[.][^.]+)$', '\1')) AS what
FROM flows
WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 0
  AND (split_part(app, '.', 1) IN ('TeamViewer', 'VNC', 'Radmin', 'NoMachine', 'VMware', 'XDMCP')
    OR regexp_like(lower(COALESCE(tls_sni, http_host, dst_name, '')), '(anydesk[.]com|net[.]anydesk|teamviewer[.]com|screenconnect[.]com|connectwise|splashtop|atera(agent|[.])|logmein|logmeinrescue|gotoassist|rustdesk|netsupport|ammyy|aeroadmin|dameware|supremocontrol|remoteutilities|getscreen[.]me|dwservice[.]net|action1[.]com|ninjarmm|tacticalrmm|simple-help|simplehelp|parsec(app|gaming)?[.]|remotedesktop[.]google[.]com|zohoassist|bomgar|beyondtrustcloud|islonline|pulseway|syncromsp)'))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(*) >= $connections
