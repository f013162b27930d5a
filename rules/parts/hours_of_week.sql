-- Own hosts of which a measure ($1, of the flows with $2) is at least $3 within an hour, far above the hours of the week before: by so many
-- deviations, and more than $4 halves of the largest of them.
SELECT now.window_start, now.flow_first, now.flow_last, now.src_ip, now.amount, CAST(before.usual AS BIGINT) AS usual, before.most
FROM (
    SELECT $window AS window_start, src_ip, $1 AS amount, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last
    FROM flows
    WHERE $range AND $2 AND COALESCE(src_local, is_private(src_ip))
    GROUP BY $window, src_ip
    HAVING $1 >= $3
) AS now
JOIN (
    SELECT src_ip, AVG(amount) AS usual, COALESCE(stddev_pop(amount), 0) AS sigma, MAX(amount) AS most, COUNT(*) AS hours
    FROM (SELECT $window AS hour, src_ip, $1 AS amount FROM flows WHERE $history AND $2 GROUP BY $window, src_ip) AS hourly
    GROUP BY src_ip
) AS before ON now.src_ip = before.src_ip
WHERE before.hours >= $hours AND now.amount > before.usual + $sigmas * before.sigma AND now.amount * 2 > before.most * $4
