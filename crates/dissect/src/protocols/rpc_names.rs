// SPDX-License-Identifier: Apache-2.0
//! Names of DCE/RPC interfaces and of those operations by which hosts are explored, entered and taken over. Each name,
//! UUID and number is that of the document beside it.

use std::fmt::Write as _;

/// Short name, UUIDs, and operations by number.
struct Interface {
    name: &'static str,
    uuids: &'static [&'static str],
    operations: &'static [(usize, &'static str)],
}

static INTERFACES: &[Interface] = &[
    // C706 appendix O, appendix Q.
    Interface {
        name: "epmapper",
        uuids: &["e1af8308-5d1f-11c9-91a4-08002b14a0fa"],
        operations: &[(2, "ept_lookup"), (3, "ept_map"), (4, "ept_lookup_handle_free")],
    },
    Interface {
        name: "mgmt",
        uuids: &["afa8bd80-7d8a-11c9-bef4-08002b102989"],
        operations: &[(0, "inq_if_ids"), (1, "inq_stats"), (4, "inq_princ_name")],
    },
    // MS-SCMR §3.1.4.
    Interface {
        name: "svcctl",
        uuids: &["367abb81-9844-35f1-ad32-98f038001003"],
        operations: &[
            (0, "CloseServiceHandle"),
            (1, "ControlService"),
            (2, "DeleteService"),
            (6, "QueryServiceStatus"),
            (11, "ChangeServiceConfigW"),
            (12, "CreateServiceW"),
            (14, "EnumServicesStatusW"),
            (15, "OpenSCManagerW"),
            (16, "OpenServiceW"),
            (17, "QueryServiceConfigW"),
            (19, "StartServiceW"),
            (20, "GetServiceDisplayNameW"),
            (21, "GetServiceKeyNameW"),
            (23, "ChangeServiceConfigA"),
            (24, "CreateServiceA"),
            (27, "OpenSCManagerA"),
            (28, "OpenServiceA"),
            (31, "StartServiceA"),
            (42, "EnumServicesStatusExW"),
            (44, "CreateServiceWOW64A"),
            (45, "CreateServiceWOW64W"),
            (64, "OpenSCManager2"),
        ],
    },
    // MS-SAMR §3.1.5.
    Interface {
        name: "samr",
        uuids: &["12345778-1234-abcd-ef00-0123456789ac"],
        operations: &[
            (0, "Connect"),
            (1, "CloseHandle"),
            (5, "LookupDomainInSamServer"),
            (6, "EnumerateDomainsInSamServer"),
            (7, "OpenDomain"),
            (8, "QueryInformationDomain"),
            (11, "EnumerateGroupsInDomain"),
            (12, "CreateUserInDomain"),
            (13, "EnumerateUsersInDomain"),
            (15, "EnumerateAliasesInDomain"),
            (16, "GetAliasMembership"),
            (17, "LookupNamesInDomain"),
            (18, "LookupIdsInDomain"),
            (19, "OpenGroup"),
            (20, "QueryInformationGroup"),
            (22, "AddMemberToGroup"),
            (25, "GetMembersInGroup"),
            (27, "OpenAlias"),
            (31, "AddMemberToAlias"),
            (33, "GetMembersInAlias"),
            (34, "OpenUser"),
            (36, "QueryInformationUser"),
            (37, "SetInformationUser"),
            (38, "ChangePasswordUser"),
            (39, "GetGroupsForUser"),
            (40, "QueryDisplayInformation"),
            (44, "GetUserDomainPasswordInformation"),
            (46, "QueryInformationDomain2"),
            (47, "QueryInformationUser2"),
            (48, "QueryDisplayInformation2"),
            (50, "CreateUser2InDomain"),
            (51, "QueryDisplayInformation3"),
            (55, "UnicodeChangePasswordUser2"),
            (57, "Connect2"),
            (58, "SetInformationUser2"),
            (62, "Connect4"),
            (64, "Connect5"),
        ],
    },
    // MS-LSAD §3.1.4, MS-LSAT §3.1.4.
    Interface {
        name: "lsarpc",
        uuids: &["12345778-1234-abcd-ef00-0123456789ab"],
        operations: &[
            (0, "Close"),
            (6, "OpenPolicy"),
            (7, "QueryInformationPolicy"),
            (11, "EnumerateAccounts"),
            (13, "EnumerateTrustedDomains"),
            (14, "LookupNames"),
            (15, "LookupSids"),
            (28, "OpenSecret"),
            (29, "SetSecret"),
            (30, "QuerySecret"),
            (35, "EnumerateAccountsWithUserRight"),
            (42, "StorePrivateData"),
            (43, "RetrievePrivateData"),
            (44, "OpenPolicy2"),
            (46, "QueryInformationPolicy2"),
            (50, "EnumerateTrustedDomainsEx"),
            (57, "LookupSids2"),
            (58, "LookupNames2"),
            (68, "LookupNames3"),
            (76, "LookupSids3"),
            (77, "LookupNames4"),
        ],
    },
    // MS-NRPC §3.5.4.
    Interface {
        name: "netlogon",
        uuids: &["12345678-1234-abcd-ef00-01234567cffb"],
        operations: &[
            (2, "NetrLogonSamLogon"),
            (4, "NetrServerReqChallenge"),
            (5, "NetrServerAuthenticate"),
            (6, "NetrServerPasswordSet"),
            (15, "NetrServerAuthenticate2"),
            (21, "NetrLogonGetCapabilities"),
            (26, "NetrServerAuthenticate3"),
            (29, "NetrLogonGetDomainInfo"),
            (30, "NetrServerPasswordSet2"),
            (34, "DsrGetDcNameEx2"),
            (39, "NetrLogonSamLogonEx"),
            (40, "DsrEnumerateDomainTrusts"),
            (45, "NetrLogonSamLogonWithFlags"),
        ],
    },
    // MS-DRSR §4.1.
    Interface {
        name: "drsuapi",
        uuids: &["e3514235-4b06-11d1-ab04-00c04fc2dcd2"],
        operations: &[
            (0, "DRSBind"),
            (1, "DRSUnbind"),
            (2, "DRSReplicaSync"),
            (3, "DRSGetNCChanges"),
            (4, "DRSUpdateRefs"),
            (5, "DRSReplicaAdd"),
            (6, "DRSReplicaDel"),
            (8, "DRSVerifyNames"),
            (9, "DRSGetMemberships"),
            (12, "DRSCrackNames"),
            (13, "DRSWriteSPN"),
            (16, "DRSDomainControllerInfo"),
            (17, "DRSAddEntry"),
        ],
    },
    // MS-EFSR §3.1.4.2, with both of its UUIDs (§1.9).
    Interface {
        name: "efsrpc",
        uuids: &["c681d488-d850-11d0-8c52-00c04fd90f7e", "df1941c5-fe89-4e79-bf10-463657acf44d"],
        operations: &[
            (0, "EfsRpcOpenFileRaw"),
            (4, "EfsRpcEncryptFileSrv"),
            (5, "EfsRpcDecryptFileSrv"),
            (6, "EfsRpcQueryUsersOnFile"),
            (7, "EfsRpcQueryRecoveryAgents"),
            (8, "EfsRpcRemoveUsersFromFile"),
            (9, "EfsRpcAddUsersToFile"),
            (12, "EfsRpcFileKeyInfo"),
            (13, "EfsRpcDuplicateEncryptionInfoFile"),
            (15, "EfsRpcAddUsersToFileEx"),
        ],
    },
    // MS-RPRN §3.1.4, MS-PAR §3.1.4.
    Interface {
        name: "spoolss",
        uuids: &["12345678-1234-abcd-ef00-0123456789ab"],
        operations: &[
            (1, "RpcOpenPrinter"),
            (9, "RpcAddPrinterDriver"),
            (29, "RpcClosePrinter"),
            (62, "RpcRemoteFindFirstPrinterChangeNotification"),
            (65, "RpcRemoteFindFirstPrinterChangeNotificationEx"),
            (69, "RpcOpenPrinterEx"),
            (89, "RpcAddPrinterDriverEx"),
        ],
    },
    Interface {
        name: "winspool",
        uuids: &["76f03f96-cdfd-44fc-a22c-64950a001209"],
        operations: &[(0, "RpcAsyncOpenPrinter"), (39, "RpcAsyncAddPrinterDriver")],
    },
    // MS-FSRVP §3.1.4.
    Interface {
        name: "fsrvp",
        uuids: &["a8e0653c-2744-4389-a61d-7373df8b2292"],
        operations: &[(0, "GetSupportedVersion"), (8, "IsPathSupported"), (9, "IsPathShadowCopied")],
    },
    // MS-DFSNM §3.1.4.
    Interface {
        name: "netdfs",
        uuids: &["4fc742e0-4a10-11cf-8273-00aa004ae673"],
        operations: &[
            (0, "NetrDfsManagerGetVersion"),
            (1, "NetrDfsAdd"),
            (2, "NetrDfsRemove"),
            (4, "NetrDfsGetInfo"),
            (5, "NetrDfsEnum"),
            (12, "NetrDfsAddStdRoot"),
            (13, "NetrDfsRemoveStdRoot"),
        ],
    },
    // MS-SRVS §3.1.4.
    Interface {
        name: "srvsvc",
        uuids: &["4b324fc8-1670-01d3-1278-5a47bf6ee188"],
        operations: &[
            (8, "NetrConnectionEnum"),
            (9, "NetrFileEnum"),
            (12, "NetrSessionEnum"),
            (14, "NetrShareAdd"),
            (15, "NetrShareEnum"),
            (16, "NetrShareGetInfo"),
            (21, "NetrServerGetInfo"),
            (28, "NetrRemoteTOD"),
            (36, "NetrShareEnumSticky"),
        ],
    },
    // MS-WKST §3.2.4.
    Interface {
        name: "wkssvc",
        uuids: &["6bffd098-a112-3610-9833-46c3f87e345a"],
        operations: &[(0, "NetrWkstaGetInfo"), (2, "NetrWkstaUserEnum")],
    },
    // MS-RRP §3.1.5.
    Interface {
        name: "winreg",
        uuids: &["338cd001-2244-31f1-aaaa-900038003301"],
        operations: &[
            (2, "OpenLocalMachine"),
            (4, "OpenUsers"),
            (5, "BaseRegCloseKey"),
            (6, "BaseRegCreateKey"),
            (9, "BaseRegEnumKey"),
            (10, "BaseRegEnumValue"),
            (15, "BaseRegOpenKey"),
            (16, "BaseRegQueryInfoKey"),
            (17, "BaseRegQueryValue"),
            (20, "BaseRegSaveKey"),
            (22, "BaseRegSetValue"),
            (31, "BaseRegSaveKeyEx"),
        ],
    },
    // MS-TSCH §3.2.5.
    Interface {
        name: "atsvc",
        uuids: &["1ff70682-0a51-30e8-076d-740be8cee98b"],
        operations: &[(0, "NetrJobAdd"), (1, "NetrJobDel"), (2, "NetrJobEnum")],
    },
    Interface {
        name: "taskscheduler",
        uuids: &["86d35949-83c9-4044-b424-db363231fd0c"],
        operations: &[
            (1, "SchRpcRegisterTask"),
            (2, "SchRpcRetrieveTask"),
            (7, "SchRpcEnumTasks"),
            (12, "SchRpcRun"),
            (13, "SchRpcDelete"),
        ],
    },
    // MS-EVEN §3.1.4, MS-EVEN6 §3.1.4.
    Interface {
        name: "eventlog",
        uuids: &["82273fdc-e32a-18c3-3f78-827929dc23ea"],
        operations: &[
            (0, "ElfrClearELFW"),
            (1, "ElfrBackupELFW"),
            (2, "ElfrCloseEL"),
            (7, "ElfrOpenELW"),
            (9, "ElfrOpenBELW"),
            (10, "ElfrReadELW"),
            (12, "ElfrClearELFA"),
        ],
    },
    Interface {
        name: "eventlog6",
        uuids: &["f6beaff7-1e19-4fbb-9f8f-b89e2018337c"],
        operations: &[(6, "EvtRpcClearLog"), (7, "EvtRpcExportLog")],
    },
    // MS-DCOM §1.9, §3.1.2.5; MS-WMI §3.1.4; MS-OAUT §3.1.4.
    Interface {
        name: "IObjectExporter",
        uuids: &["99fcfec4-5260-101b-bbcb-00aa0021347a"],
        operations: &[
            (0, "ResolveOxid"),
            (1, "SimplePing"),
            (3, "ServerAlive"),
            (4, "ResolveOxid2"),
            (5, "ServerAlive2"),
        ],
    },
    Interface {
        name: "IRemoteSCMActivator",
        uuids: &["000001a0-0000-0000-c000-000000000046"],
        operations: &[(3, "RemoteGetClassObject"), (4, "RemoteCreateInstance")],
    },
    Interface {
        name: "IRemUnknown2",
        uuids: &["00000143-0000-0000-c000-000000000046"],
        operations: &[(3, "RemQueryInterface"), (4, "RemAddRef"), (5, "RemRelease"), (6, "RemQueryInterface2")],
    },
    Interface {
        name: "IClassFactory",
        uuids: &["00000001-0000-0000-c000-000000000046"],
        operations: &[(3, "CreateInstance")],
    },
    Interface {
        name: "IWbemLevel1Login",
        uuids: &["f309ad18-d86a-11d0-a075-00c04fb68820"],
        operations: &[(3, "EstablishPosition"), (6, "NTLMLogin")],
    },
    Interface {
        name: "IWbemServices",
        uuids: &["9556dc99-828c-11cf-a37e-00aa003240c7"],
        operations: &[(6, "GetObject"), (20, "ExecQuery"), (24, "ExecMethod"), (25, "ExecMethodAsync")],
    },
    Interface {
        name: "IDispatch",
        uuids: &["00020400-0000-0000-c000-000000000046"],
        operations: &[(3, "GetTypeInfoCount"), (4, "GetTypeInfo"), (5, "GetIDsOfNames"), (6, "Invoke")],
    },
    // MS-BKRP §3.1.4, MS-DSSP §3.2.5, MS-DNSP §3.1.4, MS-ICPR §3.2.4.
    Interface { name: "bkrp", uuids: &["3dde7c30-165d-11d1-ab8f-00805f14db40"], operations: &[(0, "BackuprKey")] },
    Interface {
        name: "dssetup",
        uuids: &["3919286a-b10c-11d0-9ba8-00c04fd92ef5"],
        operations: &[(0, "DsRolerGetPrimaryDomainInformation")],
    },
    Interface {
        name: "dnsserver",
        uuids: &["50abc2a4-574d-40b3-9d66-ee4fd5fba076"],
        operations: &[(0, "R_DnssrvOperation"), (1, "R_DnssrvQuery"), (5, "R_DnssrvOperation2"), (6, "R_DnssrvQuery2")],
    },
    Interface {
        name: "icpr",
        uuids: &["91ae6020-9e3c-11cf-8d7c-00aa00c091be"],
        operations: &[(0, "CertServerRequest")],
    },
];

/// Name of an interface, by its UUID of sixteen octets as on the wire; the UUID as text where it has none here.
pub(super) fn interface(wire: &[u8], little: bool) -> String {
    let uuid = uuid(wire, little);
    let known = INTERFACES.iter().find(|interface| interface.uuids.contains(&uuid.as_str()));
    known.map_or(uuid, |interface| interface.name.to_owned())
}

/// An operation with its interface; the number where it has no name here.
pub(super) fn operation(interface: &str, number: usize) -> String {
    let known = INTERFACES.iter().find(|known| known.name == interface);
    let name = known.and_then(|known| known.operations.iter().find(|(n, _)| *n == number));
    match name {
        Some((_, name)) => format!("{interface}.{name}"),
        None => format!("{interface}.{number}"),
    }
}

/// A UUID as it is written (C706 appendix A): its first three fields are in the order of the sender.
fn uuid(wire: &[u8], little: bool) -> String {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut out = String::with_capacity(36);
    for (place, turned) in ORDER.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let octet = wire.get(if little { *turned } else { place }).copied().unwrap_or(0);
        let _infallible = write!(out, "{octet:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_uuids_are_unique_and_well_written() {
        let mut uuids: Vec<_> = INTERFACES.iter().flat_map(|interface| interface.uuids).collect();
        assert!(uuids.iter().all(|uuid| uuid.len() == 36 && **uuid == uuid.to_ascii_lowercase()));
        let all = uuids.len();
        uuids.sort_unstable();
        uuids.dedup();
        assert_eq!(uuids.len(), all);
        for interface in INTERFACES {
            assert!(interface.operations.is_sorted_by(|a, b| a.0 < b.0), "{}", interface.name);
        }
    }

    #[test]
    fn either_order_of_octets() {
        let little = b"\x81\xbb\x7a\x36\x44\x98\xf1\x35\xad\x32\x98\xf0\x38\x00\x10\x03";
        let big = b"\x36\x7a\xbb\x81\x98\x44\x35\xf1\xad\x32\x98\xf0\x38\x00\x10\x03";
        assert_eq!((&*interface(little, true), &*interface(big, false)), ("svcctl", "svcctl"));
    }
}
