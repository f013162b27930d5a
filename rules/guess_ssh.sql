+++
title = { en = "Passwords tried over SSH", ja = "SSH でのパスワード試行" }
question = { en = "Does one address get refusal after refusal inside SSH conversations that never lead to a session?", ja = "SSH の会話の中で、セッションに至らない拒否を 1 つのアドレスが繰り返し受けていないか。" }
severity = "high"
attack = ["T1110.001"]
window = "5m"
hop = "150s"
every = "30s"
text = { en = "{src_ip} got {tries} answers of one length to its logins by SSH at {dst_ip} within five minutes, in {conversations} conversations without a session.", ja = "{src_ip} が 5 分間に {dst_ip} の SSH で、ログインへの同じ長さの応答を {tries} 回受けました（セッションに至らない会話 {conversations} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.tries]
default = 15
reason = { en = "A person gives up after six in two conversations; fifteen want a list.", ja = "人は 2 回の会話・6 回程度で諦める。15 回は一覧。" }

[parameters.seconds]
default = 60
reason = { en = "A server closes after six wrong passwords, each of which costs it two seconds.", ja = "サーバーは 6 回の誤りで切断し、1 回ごとに約 2 秒かける。" }

[[benign]]
en = "A program that logs in with a stale password and tries again at once."
ja = "古いパスワードでログインし、すぐに再試行するプログラム。"
+++
-- SSH is sealed, but every refusal (RFC 4252 §5.1) has one length, follows a longer message of the client or one about as long, and the last of
-- them ends the conversation. Keys that an agent offers are refused too, before one is taken: such a conversation goes on and does not count.
-- What is typed comes back with the length that it had, which is below 64. guess_password counts conversations, and needs more of them.
SELECT window_start, src_ip, dst_ip, dst_port, SUM(tries) AS tries, COUNT(*) AS conversations
FROM (
    SELECT window_start, src_ip, src_port, dst_ip, dst_port, MAX(tries) AS tries
    FROM (
        SELECT window_start, src_ip, src_port, dst_ip, dst_port, began, lengths[place + 1] AS answer, COUNT(*) AS tries
        FROM (
            SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, CAST(time_start AS BIGINT) AS began, splt_lengths AS lengths,
                   unnest(range(1, array_length(splt_lengths))) AS place
            FROM flows
            WHERE $range AND split_part(app, '.', 1) = 'SSH' AND array_length(splt_lengths) >= 8 AND dst_bytes <= 15000 AND duplicate_of IS NULL
              AND CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT) <= $seconds * 1000000000
        ) AS places
        WHERE lengths[place] > 0 AND lengths[place + 1] < 0
          AND (lengths[place] > -lengths[place + 1] OR lengths[place + 1] <= -64 AND lengths[place] * 5 >= -lengths[place + 1] * 4)
        GROUP BY window_start, src_ip, src_port, dst_ip, dst_port, began, answer
        HAVING COUNT(*) >= 2 AND MAX(place) + 4 >= MAX(array_length(lengths))
    ) AS answers
    GROUP BY window_start, src_ip, src_port, dst_ip, dst_port, began
) AS conversations
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING SUM(tries) >= $tries
