-- Each measure of the hour beside the same hour of the weeks before: their median, and the median of how far they are from it.
WITH total AS (
    SELECT hour AS window_start, measure, SUM(amount) AS amount, MAX(latest) AS latest FROM measured WHERE now GROUP BY hour, measure
),
weeks AS (
    SELECT hour, measure, SUM(amount) AS amount FROM measured WHERE NOT now GROUP BY hour, measure
),
middle AS (
    SELECT measure, median(amount) AS usual, COUNT(*) AS weeks FROM weeks GROUP BY measure
),
spread AS (
    SELECT w.measure, m.usual, m.weeks, median(ABS(w.amount - m.usual)) AS deviation
    FROM weeks AS w
    JOIN middle AS m ON w.measure = m.measure
    GROUP BY w.measure, m.usual, m.weeks
)
SELECT t.window_start, t.measure, t.amount, t.latest, s.usual, s.weeks, s.deviation
FROM total AS t
JOIN spread AS s ON t.measure = s.measure
