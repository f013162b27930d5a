+++
title = { en = "Password guessing on a web page", ja = "Web ページでのパスワード推測" }
question = { en = "Does one address send login forms or credentials to a web server again and again?", ja = "1 つのアドレスが Web サーバーへログイン情報を繰り返し送っていないか。" }
severity = "medium"
attack = ["T1110.001"]
window = "5m"
every = "30s"
key = ["src_ip", "dst_ip", "http_host", "http_path"]
text = { en = "{src_ip} sent {requests} logins to {http_host}{http_path} on {dst_ip} within five minutes; {refused} were refused by their status.", ja = "{src_ip} が 5 分間に {dst_ip} の {http_host}{http_path} へ {requests} 回ログインを送りました（ステータスでの拒否 {refused} 回）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 30
reason = { en = "A person tries a few times, a tool several times a minute.", ja = "人は数回、ツールは 1 分に何度も試す。" }

[[benign]]
en = "A program that logs in for each call."
ja = "呼び出しのたびにログインするプログラム。"

[[benign]]
en = "Many people behind one address, at the start of work."
ja = "1 つのアドレスの背後にいる多数の利用者の始業時。"
+++
-- Clear HTTP only: requests that were refused by status 401 or 403, or forms that were sent to a page whose name says login.
-- Of a connection with several requests the first one is seen; all of its requests count.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(http_host, '') AS http_host,
       COALESCE(split_part(http_path, '?', 1), '') AS http_path,
       SUM(COALESCE(http_requests, 1)) AS requests,
       COALESCE(SUM(COALESCE(http_requests, 1)) FILTER (WHERE http_status IN (401, 403, 407, 429)), 0) AS refused
FROM flows
WHERE $range AND duplicate_of IS NULL AND http_method IS NOT NULL
  AND (http_status IN (401, 407)
    OR (http_method = 'POST' AND regexp_like(http_path, '(?i)(log[-_]?in|sign[-_]?in|xmlrpc[.]php|/auth|/session|/token)')))
GROUP BY $window, src_ip, dst_ip, dst_port, COALESCE(http_host, ''), COALESCE(split_part(http_path, '?', 1), '')
HAVING SUM(COALESCE(http_requests, 1)) >= $requests
