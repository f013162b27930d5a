// SPDX-License-Identifier: Apache-2.0
//! The groups that the dissectors fill: one per application protocol with facts.

use std::borrow::Cow;

use minamo_base::{Ip, Time};
use minamo_schema::table;

table! {
    /// The TLS handshake, over TCP or inside QUIC (RFC 8446, RFC 5246).
    pub struct Tls, group "tls", prefix "tls_" {
        /// Server name that the client asked for (RFC 6066 §3), lower case.
        sni: Option<String>, "クライアントが求めたサーバー名（SNI）", Fact, None, Both, Content, [Ie(8057, 808), Ie(8057, 890), Ie(35632, 188), Ie(6871, 294), Ie(3054, 201), Ie(39499, 338), Ie(35632, 511), Nprobe("TLS_SERVER_NAME")];
        /// Version that was agreed on (`TLS 1.3`); what the client offered at most where no answer was seen.
        version: Option<Cow<'static, str>>, "合意されたバージョン（応答が見えなければクライアントの最大値）", Key, None, Both, Plain, [Ie(39499, 333), Ie(35632, 495)];
        /// Cipher suite that was agreed on, by its IANA name.
        cipher: Option<Cow<'static, str>>, "合意された暗号スイート（IANA の名前）", Key, None, Both, Plain, [Own(35), Ie(39499, 336), Ie(35632, 493), Ie(6871, 187), Ie(26866, 114), Nprobe("TLS_CIPHER")];
        /// Application protocols that the client offered (RFC 7301).
        alpn: Option<Vec<String>>, "クライアントが示した ALPN", Fact, None, Both, Plain, [Own(99), Ie(35632, 513)];
        /// Application protocol that the server chose, where visible.
        alpn_selected: Option<String>, "サーバーが選んだ ALPN（見える場合）", Key, None, Both, Plain, [Ie(39499, 337)];
        /// JA3 fingerprint of the client hello: MD5 in hexadecimal.
        ja3: Option<String>, "クライアントの JA3 フィンガープリント", Key, None, Both, Plain, [Ie(35632, 489), Ie(3054, 279), Ie(39499, 357), Nprobe("JA3C_HASH")];
        /// JA3S fingerprint of the server hello: MD5 in hexadecimal.
        ja3s: Option<String>, "サーバーの JA3S フィンガープリント", Key, None, Both, Plain, [Ie(35632, 490), Nprobe("JA3S_HASH")];
        /// JA4 fingerprint of the client hello.
        ja4: Option<String>, "クライアントの JA4 フィンガープリント", Key, None, Observed, Plain, [Own(36)];
        /// Key exchange group that the server chose, by its IANA name: of TLS 1.3, and of ECDHE before it.
        group: Option<Cow<'static, str>>, "サーバーが選んだ鍵交換グループ（TLS 1.3、およびそれ以前の ECDHE）", Key, None, Observed, Plain, [Own(37)];
        /// True where the client hello carried an Encrypted Client Hello extension; the name shown is then the outer one.
        ech: Option<bool>, "Encrypted Client Hello があれば true（名前は外側のもの）", Key, None, Observed, Plain, [Own(38)];
        /// What the Encrypted Client Hello is: `outer` (the name shown is that of the server in front), `grease` (a
        /// placeholder, RFC 8701: the name shown is the real one); absent where nothing tells.
        ech_kind: Option<Cow<'static, str>>, "Encrypted Client Hello の種別：outer（見えている名前は前段サーバーのもの）、grease（見せかけで、名前は本物）。判断材料が無ければ無し", Key, None, Derived, Plain, [Own(116)];
        /// True where the client offered a key exchange group that withstands quantum computers (ML-KEM, Kyber), false where
        /// it offered groups without one; `tls_group` has what was chosen.
        pq_offered: Option<bool>, "クライアントが耐量子の鍵交換グループ（ML-KEM、Kyber）を示せば true、示さなければ false。選ばれたものは tls_group", Key, None, Observed, Plain, [Own(117)];
        /// True where an earlier session was resumed: the server took a session id or a pre-shared key.
        resumed: Option<bool>, "以前のセッションを再開していれば true", Key, None, Observed, Plain, [Own(118)];
        /// First fatal alert that was sent in clear, by its name in RFC 8446 §6.2.
        alert: Option<Cow<'static, str>>, "平文で送られた最初の致命的アラートの名前（RFC 8446 §6.2）", Key, None, Observed, Plain, [Own(119)];
        /// Subject of the server's certificate.
        cert_subject: Option<String>, "サーバー証明書の主体者", Fact, None, Both, Content, [Ie(35632, 515), Ie(39499, 350)];
        /// Issuer of the server's certificate.
        cert_issuer: Option<String>, "サーバー証明書の発行者", Fact, None, Both, Content, [Ie(35632, 514), Ie(39499, 349)];
        /// Alternative names of the server's certificate, at most 16.
        cert_names: Option<Vec<String>>, "サーバー証明書の別名（最大 16 件）", Fact, None, Both, Content, [Own(100), Ie(35632, 512)];
        /// Start of the certificate's validity.
        cert_not_before: Option<Time>, "証明書の有効期間の開始", Fact, None, Both, Plain, [Ie(35632, 496)];
        /// End of the certificate's validity.
        cert_not_after: Option<Time>, "証明書の有効期間の終了", Fact, None, Both, Plain, [Ie(35632, 497)];
        /// Serial number of the certificate in hexadecimal.
        cert_serial: Option<String>, "証明書のシリアル番号（16 進数）", Fact, None, Both, Plain, [Own(120)];
        /// Public key of the certificate: `RSA 2048`, `EC P-256`, `Ed25519`.
        cert_key: Option<Cow<'static, str>>, "証明書の公開鍵：RSA 2048、EC P-256、Ed25519 など", Key, None, Observed, Plain, [Own(121)];
        /// Algorithm that the certificate is signed with: `sha256WithRSAEncryption`, `ecdsa-with-SHA384`.
        cert_signature: Option<Cow<'static, str>>, "証明書の署名アルゴリズム：sha256WithRSAEncryption、ecdsa-with-SHA384 など", Key, None, Observed, Plain, [Own(122)];
        /// Certificates that the server sent; absent where only the first was seen.
        cert_chain: Option<u8>, "サーバーが送った証明書の数（最初の一枚しか見えなければ無し）", Gauge, None, Observed, Plain, [Own(123)];
        /// SHA-1 of the certificate in hexadecimal, as lists of bad certificates have it.
        cert_sha1: Option<String>, "証明書の SHA-1（不正証明書リストとの照合用）", Key, None, Both, Plain, [Own(124)];
        /// SHA-256 of the certificate in hexadecimal.
        cert_sha256: Option<String>, "証明書の SHA-256", Key, None, Observed, Plain, [Own(39)];
        /// True where issuer and subject of the certificate are the same.
        cert_self_signed: Option<bool>, "発行者と主体者が同じなら true", Key, None, Observed, Plain, [Own(40)];
    }
}

table! {
    /// The certificates that the server sent behind its first, in their order and at most eight (RFC 5246 §7.4.2). The lists
    /// have one entry for each, an empty text where it cannot be read; `tls_cert_…` has the first.
    pub struct TlsChain, group "tls_chain", prefix "tls_chain_" {
        /// Whether each certificate of the chain is issued by the next, by their names: `to_root` (and the last one by itself),
        /// `open` (the last one's issuer was not sent), `broken` (one of them is issued by another than the next).
        order: Option<Cow<'static, str>>, "各証明書が次の証明書に発行されているか（名前による）：to_root（最後は自己署名）、open（最後の発行者は送られていない）、broken（次の証明書が発行者でないものがある）", Key, None, Observed, Plain, [Own(380)];
        /// Their subjects.
        subjects: Option<Vec<String>>, "二枚目以降の証明書の主体者（送られた順、最大 8 枚。以下同じ）", Fact, None, Observed, Content, [Own(381)];
        /// Their issuers.
        issuers: Option<Vec<String>>, "二枚目以降の証明書の発行者", Fact, None, Observed, Content, [Own(382)];
        /// Starts of their validity (RFC 3339).
        not_before: Option<Vec<String>>, "二枚目以降の証明書の有効期間の開始（RFC 3339）", Fact, None, Observed, Plain, [Own(383)];
        /// Ends of their validity (RFC 3339).
        not_after: Option<Vec<String>>, "二枚目以降の証明書の有効期間の終了（RFC 3339）", Fact, None, Observed, Plain, [Own(384)];
        /// Their public keys: `RSA 2048`, `EC P-384`.
        keys: Option<Vec<String>>, "二枚目以降の証明書の公開鍵：RSA 2048、EC P-384 など", Fact, None, Observed, Plain, [Own(385)];
        /// Algorithms that they are signed with.
        signatures: Option<Vec<String>>, "二枚目以降の証明書の署名アルゴリズム", Fact, None, Observed, Plain, [Own(386)];
        /// Their SHA-1 in hexadecimal.
        sha1: Option<Vec<String>>, "二枚目以降の証明書の SHA-1", Fact, None, Observed, Plain, [Own(387)];
        /// Their SHA-256 in hexadecimal.
        sha256: Option<Vec<String>>, "二枚目以降の証明書の SHA-256", Fact, None, Observed, Plain, [Own(388)];
    }
}

table! {
    /// QUIC, from its Initial packets (RFC 9000, RFC 9369).
    pub struct Quic, group "quic", prefix "quic_" {
        /// Version on the wire: `1`, `2`, `draft-29`.
        version: Option<Cow<'static, str>>, "ワイヤー上のバージョン：1、2、draft-29", Key, None, Observed, Plain, [Own(41)];
        /// User agent that the client sent in its transport parameters.
        user_agent: Option<String>, "クライアントがトランスポートパラメーターで名乗ったユーザーエージェント", Fact, None, Observed, Content, [Own(42)];
    }
}

table! {
    /// HTTP/1, first request and answer (RFC 9112).
    pub struct Http, group "http", prefix "http_" {
        /// Host of the request, lower case, without a port.
        host: Option<String>, "要求のホスト名", Fact, None, Both, Content, [Ie(0, 460), Ie(9, 12235), Ie(39499, 1), Ie(35632, 361), Ie(35632, 187), Ie(5951, 142), Nprobe("HTTP_SITE")];
        /// Method of the request.
        method: Option<String>, "要求のメソッド", Key, None, Both, Plain, [Ie(0, 459), Ie(8057, 200), Ie(35632, 360), Ie(15397, 19), Ie(5951, 141), Nprobe("HTTP_METHOD")];
        /// Target of the request, at most 1,024 octets.
        path: Option<String>, "要求の対象（最大 1,024 オクテット）", Fact, None, Both, Content, [Ie(0, 461), Ie(39499, 2), Ie(35632, 180), Ie(15397, 22), Ie(5951, 130), Nprobe("HTTP_URL")];
        /// Status code of the answer.
        status: Option<u16>, "応答のステータスコード", Key, None, Both, Plain, [Ie(0, 457), Ie(39499, 12), Ie(35632, 181), Ie(15397, 24), Ie(5951, 144), Nprobe("HTTP_RET_CODE")];
        /// User agent of the request.
        user_agent: Option<String>, "要求のユーザーエージェント", Fact, None, Both, Content, [Ie(0, 468), Ie(39499, 20), Ie(35632, 183), Ie(15397, 20), Ie(5951, 143), Ie(3054, 182), Nprobe("HTTP_UA")];
        /// Content type of the answer, without parameters.
        content_type: Option<String>, "応答の Content-Type", Key, None, Both, Plain, [Ie(0, 469), Ie(39499, 10), Ie(35632, 184), Ie(15397, 21), Ie(5951, 183), Nprobe("HTTP_MIME")];
        /// Server software, as the answer says.
        server: Option<String>, "応答が名乗るサーバーソフトウェア", Fact, None, Both, Plain, [Ie(3054, 224)];
        /// Version that the first message names: `1.0`, `1.1`.
        version: Option<Cow<'static, str>>, "最初のメッセージのバージョン：1.0、1.1", Key, None, Observed, Plain, [Own(125)];
        /// Page that the request came from, at most 512 octets.
        referer: Option<String>, "要求の参照元（最大 512 オクテット）", Fact, None, Both, Content, [Own(126)];
        /// Content type of the request, without parameters.
        request_type: Option<String>, "要求の Content-Type", Key, None, Observed, Plain, [Own(127)];
        /// Range of octets that the request asks for.
        range: Option<String>, "要求したオクテット範囲", Fact, None, Observed, Plain, [Own(128)];
        /// Length of the first answer's content as its head says.
        content_bytes: Option<u64>, "最初の応答の内容の長さ（ヘッダーによる）", Gauge, Octets, Both, Plain, [Own(129)];
        /// What the first content that was seen begins with: `exe`, `elf`, `script`, `pdf`, `zip`, `png`, …
        content_kind: Option<Cow<'static, str>>, "最初に見えた内容の先頭から判定した種別：exe、elf、script、pdf、zip、png など", Key, None, Observed, Plain, [Own(130)];
        /// Requests that were seen.
        requests: Option<u32>, "観測した要求の数", Counter, None, Observed, Plain, [Own(43)];
    }
}

table! {
    /// DNS, first question and its answer (RFC 1035).
    pub struct Dns, group "dns", prefix "dns_" {
        /// Name that was asked for, lower case, without the last dot.
        query: Option<String>, "問い合わせた名前", Fact, None, Both, Content, [Ie(8057, 2), Ie(35632, 205), Ie(6871, 179), Ie(3054, 189), Ie(39499, 121), Nprobe("DNS_QUERY")];
        /// Type of the question: `A`, `AAAA`, `MX`, `TYPE65280`.
        qtype: Option<Cow<'static, str>>, "問い合わせの種類：A、AAAA、MX など", Key, None, Both, Plain, [Ie(35632, 207), Ie(6871, 175), Ie(8057, 3), Ie(39499, 122), Nprobe("DNS_QUERY_TYPE")];
        /// Response code: `noerror`, `nxdomain`, `servfail`.
        rcode: Option<Cow<'static, str>>, "応答コード：noerror、nxdomain、servfail など", Key, None, Both, Plain, [Ie(35632, 208), Ie(6871, 177), Ie(8057, 1), Nprobe("DNS_RET_CODE")];
        /// Addresses and names of the answer, at most 16.
        answers: Option<Vec<String>>, "応答のアドレスと名前（最大 16 件）", Fact, None, Both, Content, [Own(101), Ie(35632, 398)];
        /// Smallest time to live of the answers.
        ttl_secs: Option<u32>, "応答の最小 TTL", Gauge, Seconds, Both, Plain, [Ie(35632, 352), Ie(6871, 199), Ie(8057, 5), Ie(39499, 119)];
        /// Records in the answer section of the first answer, of whatever type.
        answer_count: Option<u16>, "最初の応答の回答セクションのレコード数", Gauge, None, Both, Plain, [Own(131)];
        /// Octets of the first answer.
        answer_bytes: Option<u32>, "最初の応答の大きさ", Gauge, Octets, Observed, Plain, [Own(132)];
        /// Octets that the questioner can take over UDP (EDNS, RFC 6891 §6.2.3); absent where it does not say.
        edns_bytes: Option<u16>, "問い合わせ側が UDP で受け取れる大きさ（EDNS、RFC 6891）", Gauge, Octets, Observed, Plain, [Own(133)];
        /// True where the answer was cut and had to be asked for over TCP.
        truncated: Option<bool>, "応答が切り詰められていれば true", Key, None, Observed, Plain, [Own(134)];
        /// Questions that were seen.
        queries: Option<u32>, "観測した問い合わせの数", Counter, None, Observed, Plain, [Own(44)];
        /// True where one question was answered twice, and no address or the code of one answer is that of the other.
        contradicted: Option<bool>, "1 つの問い合わせに矛盾する 2 つの応答があれば true", Key, None, Observed, Plain, [Own(340)];
    }
}

table! {
    /// SSH before its encryption starts (RFC 4253).
    pub struct Ssh, group "ssh", prefix "ssh_" {
        /// Software of the client, from its banner.
        client: Option<String>, "クライアントのバナー", Fact, None, Observed, Plain, [Own(45)];
        /// Software of the server, from its banner.
        server: Option<String>, "サーバーのバナー", Fact, None, Observed, Plain, [Own(46)];
        /// HASSH fingerprint of the client's algorithms: MD5 in hexadecimal.
        hassh: Option<String>, "クライアントの HASSH フィンガープリント", Key, None, Both, Plain, [Ie(35632, 499)];
        /// HASSH fingerprint of the server's algorithms.
        hassh_server: Option<String>, "サーバーの HASSH フィンガープリント", Key, None, Both, Plain, [Ie(35632, 500)];
    }
}

table! {
    /// BitTorrent (BEP 3, BEP 5, BEP 15, BEP 29).
    pub struct BitTorrent, group "bittorrent", prefix "bittorrent_" {
        /// Info-hash of the torrent in hexadecimal.
        info_hash: Option<String>, "トレントのインフォハッシュ", Key, None, Both, Content, [Ie(35632, 189)];
        /// Client software, from the peer id.
        client: Option<String>, "ピア ID が示すクライアントソフトウェア", Fact, None, Observed, Plain, [Own(47)];
    }
}

table! {
    /// Remote Desktop, its connection request and confirm (MS-RDPBCGR §2.2.1.1).
    pub struct Rdp, group "rdp", prefix "rdp_" {
        /// Cookie or routing token, mostly the user's name.
        cookie: Option<String>, "Cookie（多くは利用者名）", Fact, None, Observed, Address, [Own(48)];
        /// Security that the server chose: `rdp`, `tls`, `credssp`, `rdstls`.
        security: Option<Cow<'static, str>>, "サーバーが選んだ保護方式：rdp、tls、credssp、rdstls", Key, None, Observed, Plain, [Own(49)];
    }
}

table! {
    /// SMB (MS-SMB, MS-SMB2).
    pub struct Smb, group "smb", prefix "smb_" {
        /// Dialect that was agreed on: `SMB 1`, `SMB 2.1`, `SMB 3.1.1`.
        dialect: Option<Cow<'static, str>>, "合意された方言：SMB 1、SMB 2.1、SMB 3.1.1", Key, None, Observed, Plain, [Own(50)];
        /// Share that was connected to.
        share: Option<String>, "接続した共有", Fact, None, Observed, Content, [Own(51)];
        /// Files, folders and pipes that were opened, each once, at most 16.
        files: Option<Vec<String>>, "開いたファイル、フォルダー、パイプ（重複なし、最大 16 件）", Fact, None, Observed, Content, [Own(330)];
        /// Files that were given another name.
        renames: Option<u32>, "名前を変更したファイルの数", Counter, None, Observed, Plain, [Own(341)];
        /// Files that were deleted.
        deletes: Option<u32>, "削除したファイルの数", Counter, None, Observed, Plain, [Own(342)];
    }
}

table! {
    /// Mail transfer (RFC 5321).
    pub struct Mail, group "mail", prefix "mail_" {
        /// Name that the client gave in HELO or EHLO.
        helo: Option<String>, "クライアントが HELO／EHLO で名乗った名前", Fact, None, Both, Content, [Ie(39499, 250)];
        /// Greeting of the server.
        server: Option<String>, "サーバーの挨拶", Fact, None, Observed, Plain, [Own(52)];
        /// Sender of the envelope.
        from: Option<String>, "エンベロープの差出人", Fact, None, Both, Address, [Ie(35632, 185), Ie(39499, 251)];
        /// First recipient of the envelope.
        to: Option<String>, "エンベロープの最初の宛先", Fact, None, Both, Address, [Ie(35632, 186)];
        /// True where the session went over to TLS.
        starttls: Option<bool>, "TLS に切り替わったら true", Key, None, Observed, Plain, [Own(53)];
    }
}

table! {
    /// FTP control connection (RFC 959).
    pub struct Ftp, group "ftp", prefix "ftp_" {
        /// User that logged in.
        user: Option<String>, "ログインした利用者", Fact, None, Both, Address, [Ie(35632, 356)];
        /// Greeting of the server.
        server: Option<String>, "サーバーの挨拶", Fact, None, Observed, Plain, [Own(54)];
        /// First file that was sent or fetched.
        file: Option<String>, "最初に送受信したファイル", Fact, None, Observed, Content, [Own(55)];
    }
}

table! {
    /// NTP (RFC 5905).
    pub struct Ntp, group "ntp", prefix "ntp_" {
        /// Version of the first message.
        version: Option<u8>, "最初のメッセージのバージョン", Key, None, Observed, Plain, [Own(56)];
        /// Mode of the first message: `client`, `server`, `symmetric_active`, `broadcast`, `control`, `private`.
        mode: Option<Cow<'static, str>>, "最初のメッセージのモード", Key, None, Observed, Plain, [Own(57)];
        /// Stratum that the server told.
        stratum: Option<u8>, "サーバーが告げた階層", Gauge, None, Observed, Plain, [Own(58)];
    }
}

table! {
    /// DHCP (RFC 2131, RFC 2132).
    pub struct Dhcp, group "dhcp", prefix "dhcp_" {
        /// Type of the first message: `discover`, `request`, `ack`.
        message: Option<Cow<'static, str>>, "最初のメッセージの種類：discover、request、ack など", Key, None, Observed, Plain, [Own(59)];
        /// Host name of the client.
        host_name: Option<String>, "クライアントのホスト名", Fact, None, Both, Address, [Ie(35632, 355), Ie(39499, 206)];
        /// Vendor class of the client.
        vendor_class: Option<String>, "クライアントのベンダークラス", Fact, None, Observed, Plain, [Own(60)];
        /// Parameters that the client asked for, in its order, joined by commas: a fingerprint of its system.
        fingerprint: Option<String>, "クライアントが求めたパラメーターの列（OS の指紋になる）", Key, None, Observed, Plain, [Own(61)];
        /// Address that was leased or asked for.
        address: Option<Ip>, "貸し出された、または求められたアドレス", Fact, None, Both, Address, [Ie(35632, 354), Ie(39499, 200), Ie(39499, 207)];
    }
}

table! {
    /// SIP (RFC 3261).
    pub struct Sip, group "sip", prefix "sip_" {
        /// Method of the first request.
        method: Option<String>, "最初の要求のメソッド", Key, None, Observed, Plain, [Own(62)];
        /// Address in From.
        from: Option<String>, "From のアドレス", Fact, None, Both, Address, [Ie(35632, 131), Ie(39499, 34)];
        /// Address in To.
        to: Option<String>, "To のアドレス", Fact, None, Both, Address, [Ie(35632, 132), Ie(39499, 35)];
        /// Software that the requester names.
        user_agent: Option<String>, "要求側が名乗るソフトウェア", Fact, None, Observed, Plain, [Own(63)];
        /// Status code of the last answer.
        status: Option<u16>, "最後の応答のステータスコード", Key, None, Both, Plain, [Ie(35632, 147)];
    }
}

table! {
    /// STUN and TURN (RFC 8489, RFC 8656).
    pub struct Stun, group "stun", prefix "stun_" {
        /// Address of the client as the server sees it.
        mapped_ip: Option<Ip>, "サーバーから見たクライアントのアドレス", Fact, None, Observed, Address, [Own(64)];
        /// Software that one side names.
        software: Option<String>, "相手が名乗るソフトウェア", Fact, None, Observed, Plain, [Own(65)];
        /// Realm of the TURN server: the domain that its users belong to.
        realm: Option<String>, "TURN サーバーのレルム（利用者が属するドメイン）", Fact, None, Observed, Plain, [Own(337)];
    }
}

table! {
    /// LDAP (RFC 4511).
    pub struct Ldap, group "ldap", prefix "ldap_" {
        /// Name that the client bound as; absent where it did so without a name.
        user: Option<String>, "クライアントがバインドした名前（名前なしなら無し）", Fact, None, Observed, Address, [Own(160)];
        /// How it proved to be that: `anonymous`, `simple` (a password in clear), or `sasl` with its mechanism.
        auth: Option<Cow<'static, str>>, "認証方式：anonymous、simple（平文のパスワード）、sasl と機構名", Key, None, Observed, Plain, [Own(161)];
        /// Operations that were asked for, each once: `bind`, `search`, `modify`, `add`, `delete`, `modify_dn`, `compare`,
        /// `extended`.
        operations: Option<Vec<String>>, "要求された操作（重複なし）：bind、search、modify、add、delete、modify_dn、compare、extended", Fact, None, Observed, Plain, [Own(162)];
        /// Result of the first bind, or the first error: `success`, `invalid_credentials`, `strong_auth_required`; a number
        /// where it has no name.
        result: Option<Cow<'static, str>>, "最初のバインドの結果、または最初のエラー：success、invalid_credentials など（名前が無ければ番号）", Key, None, Observed, Plain, [Own(163)];
        /// Where the first search began.
        base: Option<String>, "最初の検索の起点", Fact, None, Observed, Content, [Own(164)];
        /// Filter of the first search (RFC 4515), cut at 512 octets.
        filter: Option<String>, "最初の検索のフィルター（RFC 4515。512 オクテットまで）", Fact, None, Observed, Content, [Own(165)];
    }
}

table! {
    /// Kerberos 5 (RFC 4120), of the first messages.
    pub struct Kerberos, group "kerberos", prefix "kerberos_" {
        /// First message: `as_req`, `tgs_req`, `ap_req`, `error` …
        message: Option<Cow<'static, str>>, "最初のメッセージ：as_req、tgs_req、ap_req、error など", Key, None, Observed, Plain, [Own(166)];
        /// Realm that the client or the ticket belongs to.
        realm: Option<String>, "レルム", Fact, None, Observed, Content, [Own(167)];
        /// Principal that asks for a ticket.
        client: Option<String>, "要求したプリンシパル", Fact, None, Observed, Address, [Own(168)];
        /// The service that a ticket is wanted for, or was given for.
        service: Option<String>, "チケットの対象サービス", Fact, None, Observed, Content, [Own(169)];
        /// First error: `preauth_required`, `preauth_failed`, `client_unknown`; a number where it has no name.
        error: Option<Cow<'static, str>>, "最初のエラー：preauth_required、preauth_failed、client_unknown など（名前が無ければ番号）", Key, None, Observed, Plain, [Own(170)];
        /// Encryption types that the client asks for, by their numbers (RFC 3961 §8): 18 AES-256, 23 RC4, 3 DES.
        etypes: Option<Vec<u16>>, "クライアントが求めた暗号種別の番号：18 AES-256、23 RC4、3 DES", Fact, None, Observed, Plain, [Own(171)];
        /// Encryption type of the ticket that was given, or is shown.
        ticket_etype: Option<u16>, "渡された（または提示された）チケットの暗号種別の番号", Key, None, Observed, Plain, [Own(172)];
        /// True where the client proved its key before it was given a ticket (RFC 4120 §5.2.7), false where it was given
        /// one without.
        preauth: Option<bool>, "チケットの前に事前認証したら true、事前認証なしで渡されたら false", Key, None, Observed, Plain, [Own(198)];
    }
}

table! {
    /// NTLM (MS-NLMP), inside SMB and HTTP.
    pub struct Ntlm, group "ntlm", prefix "ntlm_" {
        /// User that logged in.
        user: Option<String>, "ログインした利用者", Fact, None, Observed, Address, [Own(173)];
        /// Domain of the user; the server's own name where the user is local.
        domain: Option<String>, "利用者のドメイン（ローカルならサーバー名）", Fact, None, Observed, Content, [Own(174)];
        /// Name that the client's machine gives itself.
        host: Option<String>, "クライアントが名乗ったコンピューター名", Fact, None, Observed, Address, [Own(175)];
    }
}

table! {
    /// DCE/RPC (C706, MS-RPCE), over TCP or through a pipe of SMB, of its first calls.
    pub struct Dcerpc, group "dcerpc", prefix "dcerpc_" {
        /// Interfaces that the client bound to, each once: `svcctl`, `samr`, `drsuapi`; the UUID where it has no name here.
        interfaces: Option<Vec<String>>, "クライアントがバインドしたインターフェース（重複なし）：svcctl、samr、drsuapi など（名前が無ければ UUID）", Fact, None, Observed, Plain, [Own(331)];
        /// Operations that were asked for, each once, with their interface: `svcctl.CreateServiceW`; the number where it has
        /// no name here.
        operations: Option<Vec<String>>, "要求された操作（重複なし、インターフェース名付き）：svcctl.CreateServiceW など（名前が無ければ番号）", Fact, None, Observed, Plain, [Own(332)];
        /// Calls that were seen.
        calls: Option<u32>, "観測した呼び出しの数", Counter, None, Observed, Plain, [Own(333)];
        /// True where a client proved itself to a domain controller by zeros (MS-NRPC §3.4.5.2, CVE-2020-1472).
        zero_credential: Option<bool>, "ドメインコントローラーへの認証値がすべてゼロなら true（CVE-2020-1472）", Key, None, Observed, Plain, [Own(334)];
    }
}

table! {
    /// Logins whose outcome the server tells in clear: files, mail, directories, shares, tickets, databases, the web.
    pub struct Login, group "login", prefix "login_" {
        /// Logins that the server refused.
        failed: Option<u32>, "サーバーが拒否したログインの数", Counter, None, Observed, Plain, [Own(335)];
        /// Logins that the server took.
        succeeded: Option<u32>, "サーバーが受け入れたログインの数", Counter, None, Observed, Plain, [Own(336)];
    }
}

table! {
    /// Control of machines: Modbus, S7, IEC 60870-5-104, DNP3, EtherNet/IP, BACnet, OPC UA, MMS, GOOSE, PROFINET.
    pub struct Control, group "control", prefix "control_" {
        /// Operations that the client asked for, each once, with their protocol: `modbus.write_single_coil`, `s7.plc_stop`,
        /// `iec104.C_SC_NA_1`, `dnp3.direct_operate`; at most 24.
        operations: Option<Vec<String>>, "クライアントが要求した操作（重複なし、プロトコル名付き、最大 24 件）：modbus.write_single_coil、s7.plc_stop など", Fact, None, Observed, Plain, [Own(343)];
        /// Requests that change or command the process.
        commands: Option<u32>, "プロセスを変更・操作する要求の数", Counter, None, Observed, Plain, [Own(344)];
        /// Answers that refuse a request.
        refused: Option<u32>, "要求を拒否した応答の数", Counter, None, Observed, Plain, [Own(345)];
        /// Different units or stations that were addressed, counted up to 64.
        units: Option<u16>, "宛先となったユニット・局の種類数（64 まで）", Gauge, None, Observed, Plain, [Own(346)];
    }
}

table! {
    /// A database server: MySQL, PostgreSQL, TDS, Oracle, MongoDB, Redis.
    pub struct Sql, group "sql", prefix "sql_" {
        /// User that logged in.
        user: Option<String>, "ログインした利用者", Fact, None, Observed, Address, [Own(178)];
        /// Database, or service of Oracle, that was asked for.
        database: Option<String>, "要求されたデータベース（Oracle ではサービス）", Fact, None, Observed, Content, [Own(179)];
        /// Kind of the first command: its first word (`SELECT`, `INSERT`, `find`, `SET`), never more.
        command: Option<String>, "最初のコマンドの種類（最初の語のみ：SELECT、INSERT、find、SET など）", Key, None, Observed, Plain, [Own(180)];
        /// First error of the server: its code, or its first word.
        error: Option<String>, "サーバーの最初のエラー（コードまたは最初の語）", Key, None, Observed, Plain, [Own(181)];
        /// Version that the server names.
        server: Option<String>, "サーバーが名乗るバージョン", Fact, None, Observed, Plain, [Own(182)];
    }
}

table! {
    /// SNMP (RFC 1157, RFC 3416, RFC 3412), of the first message.
    pub struct Snmp, group "snmp", prefix "snmp_" {
        /// Version: `1`, `2c`, `3`.
        version: Option<Cow<'static, str>>, "バージョン：1、2c、3", Key, None, Observed, Plain, [Own(183)];
        /// First 16 hexadecimal digits of the SHA-256 of the community: equal ones can be found, the word is not stored.
        community_hash: Option<String>, "コミュニティの SHA-256 の先頭 16 桁（同じものを探せるが、語そのものは保存しない）", Key, None, Observed, Content, [Own(184)];
        /// User of version 3 (RFC 3414 §2.4).
        user: Option<String>, "バージョン 3 の利用者", Fact, None, Observed, Address, [Own(187)];
        /// First operation: `get`, `get_next`, `response`, `set`, `get_bulk`, `trap`, `inform`, `report`.
        pdu: Option<Cow<'static, str>>, "最初の操作：get、get_next、response、set、get_bulk、trap、inform、report", Key, None, Observed, Plain, [Own(185)];
        /// First object that is asked for or told, as numbers with dots.
        oid: Option<String>, "最初のオブジェクト（点で区切った番号）", Fact, None, Observed, Content, [Own(186)];
    }
}
