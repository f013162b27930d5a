+++
title = { en = "Controllers felt out", ja = "コントローラーの探索" }
question = { en = "Does a host try many units or functions of a controller, most of which it refuses?", ja = "ホストがコントローラーの多数のユニットや機能を試し、拒否されていないか。" }
severity = "medium"
attack = ["T0846", "T0888", "T0842"]
window = "10m"
every = "1m"
text = { en = "{src_ip} tried {units} units and {operations} kinds of operation of {dst_ip} (port {dst_port}) within ten minutes, {refused} refused.", ja = "{src_ip} が 10 分間に {dst_ip}（ポート {dst_port}）のユニット {units} 個、操作 {operations} 種類を試しました（拒否 {refused} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.refused]
default = 5
reason = { en = "A master asks for what its controllers have.", ja = "マスターは存在するものだけを要求する。" }

[parameters.units]
default = 16
reason = { en = "More than the stations behind most gateways.", ja = "多くのゲートウェイ配下の局数より多い。" }

[parameters.operations]
default = 8
reason = { en = "A master uses two to four.", ja = "マスターが使うのは 2〜4 種類。" }

[parameters.alone]
default = 50
reason = { en = "So many refusals tell by themselves, as of registers that are walked through.", ja = "これだけの拒否はそれ自体で探索（レジスタの総当たりなど）を示す。" }

[[benign]]
en = "Commissioning, or an inventory of controllers."
ja = "試運転やコントローラーの資産調査。"

[[benign]]
en = "A gateway with many stations behind it."
ja = "多数の局を収容するゲートウェイ。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(COALESCE(control_units, 0)) AS units, MAX(cardinality(control_operations)) AS operations,
       SUM(COALESCE(control_refused, 0)) AS refused
FROM flows
WHERE $range AND control_operations IS NOT NULL AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(COALESCE(control_refused, 0)) >= $refused AND (MAX(COALESCE(control_units, 0)) >= $units OR MAX(cardinality(control_operations)) >= $operations OR SUM(COALESCE(control_refused, 0)) >= $alone)
