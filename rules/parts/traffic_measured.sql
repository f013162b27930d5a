-- The sums of each initiator, one row for each measure.
SELECT hour, now, src_ip, latest, measure,
       CASE measure WHEN 'octets' THEN octets WHEN 'packets' THEN packets WHEN 'flows' THEN flows WHEN 'unanswered' THEN unanswered
            WHEN 'udp' THEN udp WHEN 'others' THEN others ELSE 1.0 END AS amount
FROM $part.traffic_sums AS sums
CROSS JOIN (VALUES ('octets'), ('packets'), ('flows'), ('unanswered'), ('udp'), ('others'), ('hosts')) AS measures (measure)
