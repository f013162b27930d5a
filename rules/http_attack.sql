+++
title = { en = "Attack in a web request", ja = "Web 要求による攻撃" }
question = { en = "Does a request carry a text by which known holes of web applications are used?", ja = "Web アプリケーションの既知の脆弱性を突く文字列が要求に含まれていないか。" }
severity = "medium"
attack = ["T1190"]
window = "1h"
every = "5m"
text = { en = "{src_ip} sent {requests} request(s) with attack patterns to {dst_ip} {host}, such as {example}; {worked} were answered with success.", ja = "{src_ip} が {dst_ip} {host} へ攻撃パターンを含む要求を {requests} 件送りました（例：{example}）。うち {worked} 件に成功応答がありました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
texts = { signs = '''(?i)([$](%7b|\{)jndi|union([ +]|%20|/[*].{0,20}?[*]/)+(all([ +]|%20|/[*].{0,20}?[*]/)+)?select|([.]{2}(/|%2f|%5c)){2}|%2e%2e(/|%2f)|[.]%2e/|/etc/passwd|/etc/shadow|(<|%3c)script|(;|%3b|%7c|[|])(%20|[+ ])*(wget|curl|nc|bash|sh)([ +]|%20)|('|%27)([ +]|%20)*or([ +]|%20)*('|%27)?1('|%27)?(=|%3d)|php://(input|filter)|xp_cmdshell|information_schema|sleep\([0-9]|waitfor([ +]|%20)delay|\(\)([ +]|%20)*(\{|%7b)|allow_url_include|(extractvalue|updatexml|benchmark|pg_sleep|load_file)(\(|%28)|into([ +]|%20)+(out|dump)file|order([ +]|%20)+by([ +]|%20)+[0-9]+(--|%23|#)|('|%27)([ +]|%20)*(--|(;|%3b)([ +]|%20)*(drop|select|insert|update|delete|exec))|(onerror|onload|onmouseover)([ +]|%20)*(=|%3d)|javascript(:|%3a)(alert|eval|document)|(<|%3c)(svg|img|iframe)(/|[ +]|%20|%2f)|([$]|%24|%|%25)(\{|%7b)(\(|%28|@|%40|#|%23|T\()|class[.]module[.]classloader|getruntime(\(|%28)|invokefunction|call_user_func_array|(boot|win)[.]ini(&|$|%00)|/proc/self/(environ|cmdline)|[.]{2};/|%c0%(ae|af)|%252e%252e|[.]{2}%255c|169[.]254[.]169[.]254|metadata[.]google[.]internal|(gopher|dict)(:|%3a)(/|%2f){2}|/_ignition/execute-solution|phpunit/.{0,40}eval-stdin[.]php|/autodiscover[.]json[?].{0,60}(@|powershell)|/wls-wsat/|/_async/asyncresponseservice|/actuator/(gateway/routes|heapdump|env$)|/functionrouter|/descriptorbyname/.{0,80}checkscript|/remote/fgt_lang[?]lang=|/vpn/[.]{2}/|/dana-na/[.]{2}/|/createpage-entervariables[.]action|/setup/setupadministrator[.]action|/manager/html/upload|/hnap1/?$|/gponform/diag_form|/tmunblock[.]cgi|/setup[.]cgi[?]next_file=|/ctrlt/deviceupgrade|/shell[?]cd([ +]|%20)|/picsdesc[.]xml|/ud/act[?]1|/boaform/admin/formlogin|/cgi-bin/(luci/;stok=|nas_sharing[.]cgi|supervisor/)|/goform/(setmac|set_cmd|formping))''' }

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
-- SQL injection, paths that climb up, scripts, commands, templates and expressions, Log4Shell, Shellshock, PHP wrappers, requests on behalf of the
-- server, and places of known holes, in the path or the user agent of clear HTTP.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, COALESCE(MAX(host), '') AS host, COUNT(*) AS requests,
       COUNT(*) FILTER (WHERE status BETWEEN 200 AND 299) AS worked, MIN(substr(tried, 1, 120)) AS example
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, http_host AS host, http_status AS status,
           CASE WHEN regexp_like(http_path, $signs) THEN http_path WHEN regexp_like(http_user_agent, $signs) THEN http_user_agent END AS tried
    FROM flows
    WHERE $range AND (http_path IS NOT NULL OR http_user_agent IS NOT NULL)
) AS asked
WHERE tried IS NOT NULL
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $requests
