+++
title = { en = "Attack in a web request", ja = "Web 要求による攻撃" }
question = { en = "Does a request carry a text by which known holes of web applications are used?", ja = "Web アプリケーションの既知の脆弱性を突く文字列が要求に含まれていないか。" }
severity = "medium"
attack = ["T1190"]
window = "1h"
every = "5m"
text = { en = "{src_ip} sent {requests} request(s) with attack patterns to {dst_ip} {host}, such as {example}; {worked} were answered with success.", ja = "{src_ip} が {dst_ip} {host} へ攻撃パターンを含む要求を {requests} 件送りました（例：{example}）。うち {worked} 件に成功応答がありました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "One hole is enough.", ja = "脆弱性は 1 つで十分。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"

[[benign]]
en = "A page about databases whose address holds a query."
ja = "アドレスにクエリを含む、データベースに関するページ。"
+++
-- SQL injection, paths that climb up, scripts, commands, Log4Shell, Shellshock and PHP wrappers in the path or the user agent of clear HTTP.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(http_host), '') AS host, COUNT(*) AS requests,
       COUNT(*) FILTER (WHERE http_status BETWEEN 200 AND 299) AS worked,
       MIN(substr(CASE WHEN regexp_like(COALESCE(http_path, ''), '(?i)([$](%7b|\{)jndi|union([ +]|%20|/[*].{0,20}?[*]/)+(all([ +]|%20|/[*].{0,20}?[*]/)+)?select|([.]{2}(/|%2f|%5c)){2}|%2e%2e(/|%2f)|[.]%2e/|/etc/passwd|/etc/shadow|(<|%3c)script|(;|%3b|%7c|[|])(%20|[+ ])*(wget|curl|nc|bash|sh)([ +]|%20)|(''|%27)([ +]|%20)*or([ +]|%20)*(''|%27)?1(''|%27)?(=|%3d)|php://(input|filter)|xp_cmdshell|information_schema|sleep\([0-9]|waitfor([ +]|%20)delay|\(\)([ +]|%20)*(\{|%7b)|allow_url_include)') THEN http_path ELSE http_user_agent END, 1, 120)) AS example
FROM flows
WHERE $range AND (regexp_like(COALESCE(http_path, ''), '(?i)([$](%7b|\{)jndi|union([ +]|%20|/[*].{0,20}?[*]/)+(all([ +]|%20|/[*].{0,20}?[*]/)+)?select|([.]{2}(/|%2f|%5c)){2}|%2e%2e(/|%2f)|[.]%2e/|/etc/passwd|/etc/shadow|(<|%3c)script|(;|%3b|%7c|[|])(%20|[+ ])*(wget|curl|nc|bash|sh)([ +]|%20)|(''|%27)([ +]|%20)*or([ +]|%20)*(''|%27)?1(''|%27)?(=|%3d)|php://(input|filter)|xp_cmdshell|information_schema|sleep\([0-9]|waitfor([ +]|%20)delay|\(\)([ +]|%20)*(\{|%7b)|allow_url_include)') OR regexp_like(COALESCE(http_user_agent, ''), '(?i)([$](%7b|\{)jndi|union([ +]|%20|/[*].{0,20}?[*]/)+(all([ +]|%20|/[*].{0,20}?[*]/)+)?select|([.]{2}(/|%2f|%5c)){2}|%2e%2e(/|%2f)|[.]%2e/|/etc/passwd|/etc/shadow|(<|%3c)script|(;|%3b|%7c|[|])(%20|[+ ])*(wget|curl|nc|bash|sh)([ +]|%20)|(''|%27)([ +]|%20)*or([ +]|%20)*(''|%27)?1(''|%27)?(=|%3d)|php://(input|filter)|xp_cmdshell|information_schema|sleep\([0-9]|waitfor([ +]|%20)delay|\(\)([ +]|%20)*(\{|%7b)|allow_url_include)'))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $requests
