+++
title = { en = "Attack tool by its name", ja = "攻撃ツールの名乗り" }
question = { en = "Does a client of a web server call itself by the name of a scanner?", ja = "Web サーバーのクライアントがスキャナーの名を名乗っていないか。" }
severity = "medium"
attack = ["T1595.002", "T1595.003"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asks {dst_ip} as {agent} ({requests} requests).", ja = "{src_ip} が {agent} を名乗って {dst_ip} へ要求しています（{requests} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "No browser has such a name.", ja = "このような名前のブラウザーはない。" }

[[benign]]
en = "A test of security that is allowed; scans of research projects of the Internet."
ja = "許可されたセキュリティ試験、研究目的のインターネットスキャン。"
+++
-- User agents of clear HTTP. A tool can hide its name; this finds those that do not.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MIN(substr(http_user_agent, 1, 80)) AS agent, SUM(COALESCE(http_requests, 1)) AS requests
FROM flows
WHERE $range AND regexp_like(lower(http_user_agent), '(sqlmap|nikto|nmap scripting|masscan|zgrab|gobuster|dirbuster|wpscan|nuclei|acunetix|nessus|openvas|w3af|havij|feroxbuster|fuzz faster|hydra|metasploit|arachni|whatweb|jorgee|zmeu|morfeus|commix|joomscan|httprobe|jndi-exploit)')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(COALESCE(http_requests, 1)) >= $requests
