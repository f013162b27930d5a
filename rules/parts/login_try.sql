-- A conversation that may be a refused login: short, with an answer besides the handshake, and little in either direction. Databases
-- count only where the server sent no more than a greeting and a refusal; mail only where nothing was delivered.
seconds <= $seconds AND received <= 15000 AND received > answers * (CASE ip_version(src_ip) WHEN 4 THEN 54 ELSE 74 END) + 24
    AND sent <= CASE WHEN service IN ('SMTP', 'SMTPS') THEN 1500 ELSE 8000 END
    AND (service NOT IN ('MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP') OR answers <= 6)
