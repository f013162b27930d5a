+++
title = { en = "Command given to a web page", ja = "Web ページへのコマンド" }
question = { en = "Is a page asked that carries out commands, and does it answer?", ja = "コマンドを実行するページが要求され、応答していないか。" }
severity = "high"
attack = ["T1505.003", "T1059"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} {host} for {example}, which gives a command to a page; {requests} such requests were answered with success.", ja = "{src_ip} が {dst_ip} {host} へコマンドを渡す要求 {example} を送り、{requests} 件が成功応答を得ました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"

[[benign]]
en = "An application with a parameter of the same name and value."
ja = "同名・同値のパラメーターを使うアプリケーション。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(http_host), '') AS host, MIN(substr(http_path, 1, 160)) AS example, COUNT(*) AS requests
FROM flows
WHERE $range AND http_path IS NOT NULL AND http_status BETWEEN 200 AND 299
  AND regexp_like(http_path, '(?i)([?&](cmd|exec|command|execute|shell|run|system|0)=(whoami|id|uname|ls|dir|cat|type|pwd|ps|ipconfig|ifconfig|net|netstat|tasklist|systeminfo|hostname|powershell|cmd([.]exe)?|wget|curl|ping|certutil|/bin/(ba)?sh)([ +;|/]|%[0-9a-f]{2}|&|$)|/(c99|r57|b374k|wso[0-9.]*|cmdasp|aspxspy|chinachopper|p0wny-shell|weevely|alfa_?shell)[.](php[0-9]?|asp|aspx|jsp)([?]|$))')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $requests
