+++
title = { en = "Slow beacon", ja = "低速ビーコン" }
question = { en = "Does a host call an outside address again and again at the same pace, with messages of the same size?", ja = "ホストが外部アドレスへ、一定の間隔と同じ大きさで繰り返し接続していないか。" }
severity = "medium"
attack = ["T1071", "T1029"]
window = "24h"
query = "beacon"
every = "15m"
text = { en = "{src_ip} called {dst_ip} {name} (port {dst_port}, {app}) {connections} times, every {interval} s, with {octets} octets each: score {score} of 100 (intervals {intervals_score}, sizes {sizes_score}, coverage {coverage_score}, evenness {histogram_score}).", ja = "{src_ip} が {dst_ip} {name}（ポート {dst_port}、{app}）へ {interval} 秒ごとに {octets} オクテットずつ {connections} 回接続しました。スコア {score}/100（間隔 {intervals_score}、大きさ {sizes_score}、継続 {coverage_score}、均等さ {histogram_score}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 12
reason = { en = "One every two hours: the slowest that a day can show.", ja = "2 時間に 1 回。1 日で確認できる最も遅い間隔。" }

[parameters.score]
default = 80
reason = { en = "The step called high in published practice (50, 70, 90) lies between: programs that people use score 60 at most, beacons with a third of jitter 80 and more.", ja = "公開された実務の段階（50・70・90）の間。人が使うプログラムは最大 60 程度、3 割のゆらぎがあるビーコンでも 80 以上となる。" }

[parameters.peers]
default = 10
reason = { en = "An address that so many hosts of ours call is a service of everyday, such as updates or time.", ja = "これほど多くの内部ホストが接続する宛先は、更新や時刻同期などの日常的なサービス。" }

[parameters.pause]
default = 5
reason = { en = "Seconds between two connections, as for beacon.", ja = "2 回の接続の間の秒数。beacon と同じ。" }

[[benign]]
en = "Software that asks for updates, mail or news at a fixed pace."
ja = "一定の間隔で更新・メール・ニュースを確認するソフトウェア。"

[[benign]]
en = "Monitoring, keep-alives, devices that report to their maker."
ja = "監視、キープアライブ、メーカーへ報告する機器。"
+++
