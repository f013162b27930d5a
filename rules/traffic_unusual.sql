+++
title = { en = "More traffic than at this hour of the week", ja = "この曜日・時間帯としては多い通信量" }
question = { en = "Is there far more traffic (octets, packets, flows, flows without an answer, hosts) than at the same hour of the weeks before, and by whom?", ja = "過去の同じ曜日・時間帯より通信（量・パケット・フロー・無応答・ホスト数）がはるかに多くないか。原因は誰か。" }
severity = "medium"
attack = ["T1498", "T1048"]
window = "1h"
every = "1h"
history = "28d"
key = ["measure", "src_ip"]
text = { en = "{amount} {measure} within the hour where {usual} are usual (median of {weeks} weeks); {src_ip} made {more} more than it does.", ja = "この 1 時間の{measure_ja}は {amount} で、通常（{weeks} 週の中央値）は {usual} です。{src_ip} が普段より {more} 多くなっています。" }
filter = "src_ip = {src_ip}"

[parameters.sigmas]
default = 6
reason = { en = "Times the median absolute deviation of the weeks (made comparable with a standard deviation), at least a tenth of the median.", ja = "各週の中央絶対偏差（標準偏差相当に換算、中央値の 1 割以上）の倍数。" }

[parameters.times]
default = 2
reason = { en = "Times the median: a busy day is not twice an ordinary one.", ja = "中央値に対する倍率。忙しい日でも普段の 2 倍にはならない。" }

[parameters.weeks]
default = 3
reason = { en = "Weeks in which this hour was seen.", ja = "この時間帯を観測した週の数。" }

[parameters.megabytes]
default = 100
reason = { en = "Less does not matter to anybody.", ja = "これ未満は問題にならない。" }

[parameters.flows]
default = 10000
reason = { en = "Flows, and a tenth of the packets, that do not matter to anybody.", ja = "フロー数の下限（パケットはその 10 倍）。これ未満は問題にならない。" }

[parameters.hosts]
default = 50
reason = { en = "With fewer hosts a few visitors are much.", ja = "これより少ないと、数人の来訪でも大きな変化になる。" }

[[benign]]
en = "A first day after holidays, a great download or move of data."
ja = "休暇明け、大量のダウンロードやデータ移行。"
+++
-- Each measure of the hour against the same hour of the weeks before. The one to blame is the initiator whose own part grew most against its mean in those hours.
WITH measured AS MATERIALIZED $part.traffic_measured,
unusual AS MATERIALIZED (
    SELECT window_start, measure, amount, usual, weeks
    FROM $part.traffic_weeks AS hours
    WHERE weeks >= $weeks AND amount > usual * $times AND amount - usual > $sigmas * GREATEST(1.4826 * deviation, usual / 10)
      AND amount >= CASE measure WHEN 'octets' THEN $megabytes * 1000000 WHEN 'packets' THEN $flows * 10 WHEN 'hosts' THEN $hosts ELSE $flows END
),
blame AS (
    SELECT u.window_start, u.measure, n.src_ip, n.amount - COALESCE(b.amount, 0) AS more,
           ROW_NUMBER() OVER (PARTITION BY u.measure ORDER BY n.amount - COALESCE(b.amount, 0) DESC, n.src_ip) AS place
    FROM unusual AS u
    JOIN measured AS n ON u.measure = n.measure AND n.now
    LEFT JOIN (
        SELECT measure, src_ip, AVG(amount) AS amount FROM measured WHERE NOT now GROUP BY measure, src_ip
    ) AS b ON n.measure = b.measure AND n.src_ip = b.src_ip
)
SELECT u.window_start, b.src_ip, u.weeks, CAST(u.amount / s.scale AS BIGINT) AS amount, CAST(u.usual / s.scale AS BIGINT) AS usual, CAST(b.more / s.scale AS BIGINT) AS more,
       s.name AS measure, s.name_ja AS measure_ja
FROM unusual AS u
JOIN blame AS b ON u.measure = b.measure AND b.place = 1
JOIN (VALUES ('octets', 'MB', '通信量（MB）', 1000000), ('packets', 'packets', 'パケット数', 1), ('flows', 'flows', 'フロー数', 1),
        ('unanswered', 'flows without an answer', '無応答のフロー数', 1), ('udp', 'flows of UDP', 'UDP のフロー数', 1),
        ('others', 'flows of other protocols', 'その他のプロトコルのフロー数', 1), ('hosts', 'hosts', 'ホスト数', 1)) AS s (measure, name, name_ja, scale)
    ON u.measure = s.measure
