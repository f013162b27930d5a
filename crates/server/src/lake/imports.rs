// SPDX-License-Identifier: Apache-2.0
//! The operations on imports: which files were taken in, and taking in another one as it comes.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use minamo_flowwire::nfdump::extension_name;
use minamo_state::Import;

use super::import::{Account, ImportError, Outcome, Source};
use super::types::*;
use crate::api::Answer;
use crate::{ApiError, Deps};

/// Imports of one answer.
const MAX_IMPORTS: u32 = 1_000;
/// Characters of a file's name.
const MAX_NAME: usize = 4_096;

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        let en = error.to_string();
        match error {
            ImportError::Refused(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "bad_file",
                &en,
                format!("nfdump または Joy のファイルとして読めません: {en}"),
            ),
            ImportError::Read(_) => {
                Self::new(StatusCode::BAD_REQUEST, "bad_file", &en, format!("最後まで読めませんでした: {en}"))
            }
            ImportError::Changed { .. } => Self::new(
                StatusCode::CONFLICT,
                "changed",
                &en,
                "内容のハッシュが一致しません。読み取り中にファイルが変わりました",
            ),
            ImportError::State(_) | ImportError::Lake(_) | ImportError::Failed(_) => Self::internal(en),
        }
    }
}

fn info(import: Import) -> LakeImport {
    LakeImport {
        hash: import.hash,
        name: import.name,
        bytes: import.bytes,
        rows: import.rows,
        finished: import.finished,
        at: import.at.to_string(),
    }
}

/// The files that were imported, the latest first; at most 1,000.
#[utoipa::path(get, path = "/api/v1/lake/imports", responses((status = 200, body = [LakeImport])))]
pub(crate) async fn imports(State(deps): State<Deps>) -> Answer<Vec<LakeImport>> {
    let latest = deps.importing.imports.latest(MAX_IMPORTS)?;
    Ok(Json(latest.into_iter().map(info).collect()))
}

/// What is known of the file with that hash.
#[utoipa::path(get, path = "/api/v1/lake/imports/{hash}", params(("hash" = String, Path, description = "SHA-256 of the file")),
    responses((status = 200, body = LakeImport), (status = 404, body = ApiError)))]
pub(crate) async fn import(State(deps): State<Deps>, Path(hash): Path<String>) -> Answer<LakeImport> {
    let known = deps.importing.imports.find(&hash)?;
    known.map(info).map(Json).ok_or_else(|| {
        let (en, ja) = ("that file was not imported", "このファイルはまだ取り込まれていません");
        ApiError::new(StatusCode::NOT_FOUND, "not_found", en, ja).at_path("hash")
    })
}

/// Takes in a file of nfcapd, nfdump or Joy, which is the body. A file that was imported before is passed over; one that was
/// interrupted goes on where it was. One import runs at a time.
#[utoipa::path(put, path = "/api/v1/lake/imports/{hash}",
    params(("hash" = String, Path, description = "SHA-256 of the file"), LakeImportParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = LakeImported), (status = 400, body = ApiError), (status = 409, body = ApiError)))]
pub(crate) async fn take_import(
    State(deps): State<Deps>,
    Path(hash): Path<String>,
    query: Result<Query<LakeImportParams>, QueryRejection>,
    body: Body,
) -> Answer<LakeImported> {
    let Query(LakeImportParams { name, bytes, again, converted }) = query?;
    if hash.len() != 64 || !hash.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)) {
        let en = "hash: want the SHA-256 of the file as 64 hexadecimal digits in lower case";
        return Err(ApiError::bad("hash", en, "hash: ファイルの SHA-256（16 進小文字 64 桁）を指定してください"));
    }
    if name.chars().count() > MAX_NAME {
        let en = format!("name: want at most {MAX_NAME} characters");
        return Err(ApiError::bad("name", en, format!("name: {MAX_NAME} 文字以内で指定してください")));
    }
    let Ok(mut importer) = Arc::clone(&deps.importing.importer).try_lock_owned() else {
        let (en, ja) = ("another import runs", "別の取り込みが実行中です");
        return Err(ApiError::new(StatusCode::CONFLICT, "busy", en, ja));
    };
    let source = Source { hash, name, bytes, again, itself: !converted };
    // A task of its own: where the connection breaks, what is being appended is still noted.
    let done = tokio::spawn(async move { importer.upload(source, body).await });
    Ok(Json(done.await.map_err(ApiError::internal)??.into()))
}

impl From<Outcome> for LakeImported {
    fn from(outcome: Outcome) -> Self {
        let Outcome::Done { rows, skipped, account, first } = outcome else {
            return Self { known: true, ..Self::default() };
        };
        let (rows_of, first) = ((rows, skipped), first.map(|first| first.to_string()));
        let account = match account {
            Account::Nfdump(account) => account,
            Account::Joy(account) => {
                let faults: Vec<String> = account.faults.iter().map(ToString::to_string).collect();
                let more_faults = account.bad_lines.saturating_sub(faults.len() as u64);
                let (rows, skipped) = rows_of;
                let unfit_packets = account.unfit_packets;
                return Self { rows, skipped, first, more_faults, faults, unfit_packets, ..Self::default() };
            }
        };
        let extension = |(number, flows): (&u16, &u64)| LakeUnread {
            number: *number,
            name: extension_name(*number).map(str::to_owned),
            count: *flows,
        };
        let record = |(kind, count): (&u16, &u64)| LakeUnread { number: *kind, name: None, count: *count };
        let faults: Vec<String> = account.faults.iter().map(ToString::to_string).collect();
        Self {
            known: false,
            rows,
            skipped,
            first,
            more_faults: (account.bad_blocks + account.bad_records).saturating_sub(faults.len() as u64),
            faults,
            unread_extensions: account.unread_extensions.iter().map(extension).collect(),
            unread_records: account.unread_records.iter().map(record).collect(),
            unfit: account.unfit,
            unfit_packets: 0,
            scaled: account.scaled,
        }
    }
}
