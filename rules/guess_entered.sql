+++
title = { en = "Login taken after many refusals", ja = "多数の拒否の後のログイン成功" }
question = { en = "After many refused logins of one address, did the server take one?", ja = "1 つのアドレスの多数のログインを拒否した後、サーバーが受け入れていないか。" }
severity = "critical"
attack = ["T1110.001", "T1078"]
window = "1h"
hop = "30m"
every = "5m"
text = { en = "{dst_ip} took a login of {src_ip} by {service} after it had refused {refused} of them within ten minutes: a password was probably guessed.", ja = "{dst_ip} は 10 分間に {src_ip} の {service} によるログインを {refused} 回拒否した後、受け入れました。パスワードが推測された可能性があります。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.refused]
default = 10
reason = { en = "So many refusals before a success are not a person who mistypes.", ja = "成功前のこの回数の拒否は、打ち間違いではない。" }

[parameters.minutes]
default = 10
reason = { en = "Tools enter at once; a later login may be an owner's.", ja = "ツールはすぐに侵入する。後のログインは正当な利用者かもしれない。" }

[[benign]]
en = "An owner whose tool tried a stale password until it was put right."
ja = "古いパスワードで試し続け、その後修正した正当な利用者。"

[[benign]]
en = "A gateway through which many people log in."
ja = "多くの人がログインに使うゲートウェイ。"
+++
-- Refusals in the minutes before the end of the conversation in which a login was taken, that one's own included; accounts that do not exist refuse no password.
SELECT window_start, src_ip, dst_ip, dst_port, service, MAX(refused) AS refused
FROM (
    SELECT s.window_start, s.src_ip, s.dst_ip, s.dst_port, s.service, s.began, s.ended, SUM(f.login_failed) AS refused
    FROM (
        SELECT $window AS window_start, src_ip, dst_ip, dst_port, split_part(COALESCE(app, 'Unknown'), '.', 1) AS service,
               CAST(time_start AS BIGINT) AS began, CAST(time_end AS BIGINT) AS ended
        FROM flows
        WHERE $range AND login_succeeded > 0
    ) AS s
    JOIN (
        SELECT $window AS window_start, src_ip, dst_ip, dst_port, login_failed, CAST(time_start AS BIGINT) AS began
        FROM flows
        WHERE $range AND login_failed > 0 AND duplicate_of IS NULL AND COALESCE(kerberos_error, '') <> 'client_unknown'
    ) AS f ON s.window_start = f.window_start AND s.src_ip = f.src_ip AND s.dst_ip = f.dst_ip AND s.dst_port = f.dst_port
    WHERE f.began <= s.ended AND f.began >= s.began - $minutes * 60000000000
    GROUP BY s.window_start, s.src_ip, s.dst_ip, s.dst_port, s.service, s.began, s.ended
) AS entered
WHERE refused >= $refused
GROUP BY window_start, src_ip, dst_ip, dst_port, service
