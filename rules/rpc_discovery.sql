+++
title = { en = "Accounts, sessions or shares listed by RPC", ja = "RPC によるアカウント・セッション・共有の列挙" }
question = { en = "Does a host have another one list its accounts, groups, sessions, shares, services or endpoints?", ja = "ホストが他のホストのアカウント、グループ、セッション、共有、サービス、エンドポイントを列挙していないか。" }
severity = "low"
attack = ["T1087.002", "T1069.002", "T1049", "T1135", "T1007"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} ({operations} such operations, account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（同種の操作 {operations} 種類、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "rpc_execution"
# Enumeration by MS-SAMR, MS-SRVS, MS-WKST, MS-LSAD, MS-NRPC, MS-SCMR and the endpoint mapper, which Windows itself asks for single names only.
texts = { operations = '^(samr[.](EnumerateUsersInDomain|EnumerateGroupsInDomain|EnumerateAliasesInDomain|GetMembersInGroup|GetMembersInAlias|QueryDisplayInformation[23]?)|srvsvc[.]Netr(SessionEnum|ConnectionEnum|FileEnum|ShareEnum|ShareEnumSticky)|wkssvc[.]NetrWkstaUserEnum|lsarpc[.]Enumerate(Accounts|AccountsWithUserRight|TrustedDomains|TrustedDomainsEx)|netlogon[.]DsrEnumerateDomainTrusts|epmapper[.]ept_lookup|mgmt[.]inq_if_ids|svcctl[.](OpenSCManager[AW2]|EnumServicesStatus(W|ExW)))$' }

[parameters.calls]
default = 1
reason = { en = "Low by itself: tools of administration do it too.", ja = "単独では低。管理ツールも行う。" }

[[benign]]
en = "The windows in which groups and shares are administered."
ja = "グループや共有の管理画面。"

[[benign]]
en = "A file manager that shows the shares of a server."
ja = "サーバーの共有を表示するファイルマネージャー。"
+++
