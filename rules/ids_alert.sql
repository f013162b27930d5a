+++
title = { en = "Alert of an intrusion detection system", ja = "侵入検知システムのアラート" }
question = { en = "What does another intrusion detection system say, and what do our flows and events know of it?", ja = "別の侵入検知システムが何を検知し、フローとイベントはそれについて何を示しているか。" }
severity = "medium"
attack = ["T1190"]
window = "5m"
quiet = "1h"
alerts = true
key = ["src_ip", "dst_ip", "dst_port", "signature_id"]
text = { en = "{sensor}: {signature} (signature {signature_id}, {category}) {cve}, from {src_ip} to {dst_ip} port {dst_port}, {alerts} times. Flows of it: {flows}, {src_bytes} bytes there, {dst_bytes} back. Own rules that say so, too: {confirmed_by}.", ja = "{sensor}：{signature}（シグネチャー {signature_id}、{category}）{cve}、{src_ip} から {dst_ip} ポート {dst_port}、{alerts} 回。対応するフロー {flows} 件、送信 {src_bytes} バイト、受信 {dst_bytes} バイト。同じ相手を検知した自身のルール：{confirmed_by}。" }
filter = "(src_ip = {src_ip} and dst_ip = {dst_ip}) or (src_ip = {dst_ip} and dst_ip = {src_ip})"

[[benign]]
en = "A signature that also fits what is allowed: whether the attack did anything, the bytes that came back and other events tell."
ja = "許可された通信にも一致するシグネチャー。攻撃が成功したかは、応答のバイト数や他のイベントから判断する。"

[[benign]]
en = "An attack on a system that does not have the weakness."
ja = "該当する脆弱性を持たないシステムへの攻撃。"
+++
