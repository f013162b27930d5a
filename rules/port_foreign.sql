+++
title = { en = "Known protocol on a foreign port", ja = "通常と異なるポートの既知プロトコル" }
question = { en = "Does a protocol leave our network on a port that is not its own?", ja = "プロトコルが、本来と異なるポートで外部へ出ていないか。" }
severity = "low"
attack = ["T1571"]
window = "1h"
every = "5m"
text = { en = "{src_ip} speaks {app} with {dst_ip} {name} on port {dst_port}.", ja = "{src_ip} が {dst_ip} {name} とポート {dst_port} で {app} を使っています。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.packets]
default = 4
reason = { en = "A conversation that led to something.", ja = "成立した会話。" }

[[benign]]
en = "Services that were put on other ports on purpose."
ja = "意図して別のポートに置かれたサービス。"
+++
-- SSH, RDP, HTTP, SMTP, FTP, Telnet and SMB by their content towards the outside. TLS has so many ports that none is foreign.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(split_part(app, '.', 1)) AS app, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name
FROM flows
WHERE $range AND proto = 6 AND app_confidence = 'content' AND dst_packets >= $packets AND COALESCE(src_local, is_private(src_ip))
  AND CASE split_part(app, '.', 1)
        WHEN 'SSH' THEN dst_port NOT IN (22, 2222) WHEN 'RDP' THEN dst_port <> 3389
        WHEN 'HTTP' THEN dst_port NOT IN (80, 81, 591, 631, 2080, 2095, 3000, 3128, 5000, 5985, 7001, 8000, 8008, 8060, 8080, 8081, 8086, 8088, 8090, 8880, 8888, 9000, 9080, 9090)
            AND COALESCE(http_method, '') <> 'CONNECT'
        WHEN 'SMTP' THEN dst_port NOT IN (25, 465, 587, 2525) WHEN 'FTP_CONTROL' THEN dst_port NOT IN (21, 2121)
        WHEN 'Telnet' THEN dst_port NOT IN (23, 2323) WHEN 'SMBv23' THEN dst_port NOT IN (139, 445) WHEN 'SMBv1' THEN dst_port NOT IN (139, 445)
        ELSE false END
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
