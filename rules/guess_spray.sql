+++
title = { en = "Passwords tried on many hosts", ja = "多数のホストへのパスワード試行" }
question = { en = "Does one address try a few logins on each of many hosts?", ja = "1 つのアドレスが多数のホストでそれぞれ数回ずつログインを試していないか。" }
severity = "high"
attack = ["T1110.003"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_port", "service"]
text = { en = "{src_ip} opened {attempts} short conversations of the same size with {service} on {hosts} hosts within an hour.", ja = "{src_ip} が 1 時間に {hosts} 台のホストの {service} へ同じ大きさの短い接続を {attempts} 回開きました。" }
filter = "src_ip = {src_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.hosts]
default = 10
reason = { en = "An administrator works on a few hosts; ten with nothing but refusals are a list.", ja = "管理者が作業するホストは数台。拒否ばかりの 10 台は一覧である。" }

[parameters.attempts]
default = 30
reason = { en = "Three tries per host: one alone is what an availability check does.", ja = "1 台につき 3 回。1 回だけなら死活確認でも起こる。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "Configuration management that runs the same short task on all hosts."
ja = "すべてのホストで同じ短い処理を行う構成管理。"

[[benign]]
en = "Monitoring that logs in to many hosts."
ja = "多数のホストにログインする監視。"
+++
-- As guess_password, over the hosts instead of the tries at one of them.
SELECT window_start, src_ip, dst_port, service, COUNT(DISTINCT dst_ip) AS hosts, COUNT(*) AS attempts
FROM (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, service, MIN(time_start) AS began,
           SUM(src_bytes) AS sent, SUM(dst_bytes) AS received, SUM(dst_packets) AS answers,
           (CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 1000000000 AS seconds
    FROM (
        SELECT time_start, time_end, src_ip, src_port, dst_ip, dst_port, src_bytes, dst_bytes, dst_packets,
           CASE
               WHEN split_part(app, '.', 1) IN ('SSH', 'RDP', 'FTP_CONTROL', 'FTPS', 'Telnet', 'RSH', 'VNC', 'Radmin', 'IMAP', 'IMAPS',
                   'POP3', 'POPS', 'SMTP', 'SMTPS', 'SMBv1', 'SMBv23', 'MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP')
                   THEN split_part(app, '.', 1)
               WHEN app IS NULL OR app = 'Unknown' THEN CASE dst_port
                   WHEN 21 THEN 'FTP' WHEN 22 THEN 'SSH' WHEN 23 THEN 'Telnet' WHEN 110 THEN 'POP3' WHEN 143 THEN 'IMAP'
                   WHEN 445 THEN 'SMB' WHEN 465 THEN 'SMTPS' WHEN 514 THEN 'RSH' WHEN 587 THEN 'SMTP' WHEN 993 THEN 'IMAPS'
                   WHEN 995 THEN 'POPS' WHEN 1433 THEN 'MsSQL-TDS' WHEN 1521 THEN 'Oracle' WHEN 3306 THEN 'MySQL'
                   WHEN 3389 THEN 'RDP' WHEN 5432 THEN 'PostgreSQL' WHEN 5900 THEN 'VNC' WHEN 5985 THEN 'WinRM'
                   WHEN 5986 THEN 'WinRM' WHEN 6379 THEN 'RESP' WHEN 27017 THEN 'MongoDB' END
           END AS service
        FROM flows
        WHERE $range AND proto = 6 AND dst_packets > 1 AND duplicate_of IS NULL
    ) AS named
    WHERE service IS NOT NULL
    GROUP BY $window, src_ip, src_port, dst_ip, dst_port, service
) AS conversations
WHERE seconds <= $seconds AND received <= 15000 AND received > answers * (CASE ip_version(src_ip) WHEN 4 THEN 54 ELSE 74 END) + 24
          AND sent <= CASE WHEN service IN ('SMTP', 'SMTPS') THEN 1500 ELSE 8000 END
          AND (service NOT IN ('MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP') OR answers <= 6)
  AND service NOT IN ('SMTP', 'MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP')
GROUP BY window_start, src_ip, dst_port, service
HAVING COUNT(DISTINCT dst_ip) >= $hosts AND COUNT(*) >= $attempts AND COUNT(*) >= 3 * COUNT(DISTINCT dst_ip)
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
       <= approx_percentile_cont(received, 0.5) * $spread / 100
