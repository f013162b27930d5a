-- The service that a login is tried at: by what was recognised, by port only where nothing was.
CASE
    WHEN split_part(app, '.', 1) IN ('SSH', 'RDP', 'FTP_CONTROL', 'FTPS', 'Telnet', 'RSH', 'VNC', 'Radmin', 'IMAP', 'IMAPS',
        'POP3', 'POPS', 'SMTP', 'SMTPS', 'SMBv1', 'SMBv23', 'MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP')
        THEN split_part(app, '.', 1)
    WHEN app IS NULL OR app = 'Unknown' THEN CASE dst_port
        WHEN 21 THEN 'FTP' WHEN 22 THEN 'SSH' WHEN 23 THEN 'Telnet' WHEN 110 THEN 'POP3' WHEN 143 THEN 'IMAP'
        WHEN 445 THEN 'SMB' WHEN 465 THEN 'SMTPS' WHEN 514 THEN 'RSH' WHEN 587 THEN 'SMTP' WHEN 993 THEN 'IMAPS'
        WHEN 995 THEN 'POPS' WHEN 1433 THEN 'MsSQL-TDS' WHEN 1521 THEN 'Oracle' WHEN 3306 THEN 'MySQL'
        WHEN 3389 THEN 'RDP' WHEN 5432 THEN 'PostgreSQL' WHEN 5900 THEN 'VNC' WHEN 5985 THEN 'WinRM'
        WHEN 5986 THEN 'WinRM' WHEN 6379 THEN 'RESP' WHEN 27017 THEN 'MongoDB' END
END
