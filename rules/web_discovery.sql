+++
title = { en = "Pages guessed", ja = "Web ページの総当たり探索" }
question = { en = "Does one address ask a web server for many pages that are not there?", ja = "1 つのアドレスが、存在しない多数のページを Web サーバーに要求していないか。" }
severity = "medium"
attack = ["T1595.003"]
window = "5m"
every = "30s"
text = { en = "{src_ip} asked {dst_ip} within five minutes for {pages} different pages that it refused or does not have.", ja = "{src_ip} が 5 分間に {dst_ip} の、存在しないか拒否された {pages} 個の異なるページを要求しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.pages]
default = 40
reason = { en = "A site with broken links gives a few; a list of words gives hundreds.", ja = "リンク切れのサイトでも数個。単語リストでは数百個。" }

[parameters.share]
default = 60
reason = { en = "Per cent of all pages asked for.", ja = "要求した全ページに占める割合（％）。" }

[[benign]]
en = "A crawler after a site was rebuilt."
ja = "サイト改修後のクローラー。"
+++
-- The first request of each conversation, by status 400 to 405 and 410.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, COUNT(*) FILTER (WHERE missing) AS pages
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, dst_port, http_path, BOOL_AND(http_status BETWEEN 400 AND 405 OR http_status = 410) AS missing
    FROM flows
    WHERE $range AND http_path IS NOT NULL AND http_status IS NOT NULL
    GROUP BY $window, src_ip, dst_ip, dst_port, http_path
) AS asked
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) FILTER (WHERE missing) >= $pages AND COUNT(*) FILTER (WHERE missing) * 100 >= COUNT(*) * $share
