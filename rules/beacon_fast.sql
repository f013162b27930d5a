+++
title = { en = "Beacon of seconds", ja = "秒単位のビーコン" }
question = { en = "Does a host open a new connection to an outside address every few seconds, at the same pace and with messages of the same size?", ja = "ホストが外部アドレスへ、数秒ごとに一定の間隔と同じ大きさで新しい接続を開いていないか。" }
severity = "medium"
attack = ["T1071", "T1029"]
window = "15m"
hop = "450s"
query = "beacon"
every = "1m"
text = { en = "{src_ip} called {dst_ip} {name} (port {dst_port}, {app}) {connections} times within a quarter of an hour, every {milliseconds} ms, with {octets} octets each: score {score} of 100 (intervals {intervals_score}, sizes {sizes_score}, coverage {coverage_score}, evenness {histogram_score}).", ja = "{src_ip} が 15 分間に {dst_ip} {name}（ポート {dst_port}、{app}）へ {milliseconds} ミリ秒ごとに {octets} オクテットずつ {connections} 回接続しました。スコア {score}/100（間隔 {intervals_score}、大きさ {sizes_score}、継続 {coverage_score}、均等さ {histogram_score}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 30
reason = { en = "One every half minute; slower ones are found by beacon. Programs that people use keep a connection open instead.", ja = "30 秒に 1 回。遅いものは beacon で見つかる。人が使うプログラムは接続を保つ。" }

[parameters.score]
default = 85
reason = { en = "Between the steps called high and very high in published practice (50, 70, 90), since a quarter of an hour says less than four hours.", ja = "公開された実務の段階（50・70・90）の高と最高の間。15 分は 4 時間より情報が少ない。" }

[parameters.peers]
default = 10
reason = { en = "An address that so many hosts of ours call is a service of everyday, such as updates or time.", ja = "これほど多くの内部ホストが接続する宛先は、更新や時刻同期などの日常的なサービス。" }

[parameters.pause]
default = 1
reason = { en = "Seconds between two connections: more than one a second is a program at work.", ja = "2 回の接続の間の秒数。1 秒に 1 回を超えるものは処理中のプログラム。" }

[[benign]]
en = "A page or a program that asks a server for news every few seconds with a connection of its own each time."
ja = "数秒ごとに新しい接続で更新を尋ねるページやプログラム。"

[[benign]]
en = "Monitoring of a service outside."
ja = "外部サービスの監視。"
+++
