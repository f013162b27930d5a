+++
title = { en = "Password guessing from many addresses", ja = "多数のアドレスからのパスワード推測" }
question = { en = "Do many outside addresses try the passwords of one service together?", ja = "外部の多数のアドレスが 1 つのサービスのパスワードを一斉に試していないか。" }
severity = "high"
attack = ["T1110.001", "T1110.003"]
window = "1h"
every = "5m"
key = ["dst_ip", "dst_port", "service"]
text = { en = "{sources} outside addresses opened {attempts} short conversations of the same size with {service} on {dst_ip} within an hour.", ja = "外部の {sources} 個のアドレスが 1 時間に {dst_ip} の {service} へ同じ大きさの短い接続を {attempts} 回開きました。" }
filter = "dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.sources]
default = 20
reason = { en = "A login service on the Internet is knocked at by a few bots at any time; twenty within an hour, all refused, work together.", ja = "インターネット上のログインサービスには常に数個のボットが来る。1 時間に 20 個がすべて拒否されるのは連携した攻撃。" }

[parameters.attempts]
default = 100
reason = { en = "Five tries per address: fewer is the background of the Internet.", ja = "1 アドレスあたり 5 回。これ未満はインターネットの日常的な雑音。" }

[parameters.seconds]
default = 30
reason = { en = "A server closes after a few wrong passwords; who is let in stays.", ja = "サーバーは数回の誤ったパスワードで切断する。入れた者は留まる。" }

[parameters.spread]
default = 30
reason = { en = "Refused logins move nearly the same number of octets each time, real sessions do not. Distance of the quartiles in per cent of the median.", ja = "拒否されたログインは毎回ほぼ同じ量を転送し、実際のセッションは異なる。四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "A public service for many people, such as a repository reached by SSH, whose users fetch little."
ja = "SSH で使う公開リポジトリのように、多数の利用者が少量を取得する公開サービス。"
+++
-- As guess_password, for one service over all sources that come from outside.
SELECT window_start, MIN(began) AS flow_first, MAX(ended) AS flow_last, dst_ip, dst_port, service, COUNT(DISTINCT src_ip) AS sources, COUNT(*) AS attempts
FROM $part.login_conversations AS conversations
WHERE $part.login_try
  AND service IN ('SSH', 'RDP', 'FTP', 'FTP_CONTROL', 'FTPS', 'Telnet', 'VNC', 'WinRM', 'SMB', 'SMBv23')
  AND NOT is_private(src_ip)
GROUP BY window_start, dst_ip, dst_port, service
HAVING COUNT(DISTINCT src_ip) >= $sources AND COUNT(*) >= $attempts
   AND approx_percentile_cont(received, 0.75) - approx_percentile_cont(received, 0.25)
       <= approx_percentile_cont(received, 0.5) * $spread / 100
