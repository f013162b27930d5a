// SPDX-License-Identifier: Apache-2.0
// Answers as files. Links, not requests: the browser writes to disk while the server still reads.
import { useWords } from "../i18n";
import { Icon } from "./Icon";
import { Popup } from "./Popup";

export const FORMATS = ["csv", "jsonl", "parquet"] as const;

/** Questions whose answers are files: their request is what is posted to `/query/…`. */
export type FileQuestion = "top" | "series" | "paths" | "billing" | "billing_steps";

/** Address of a download under `/api/v1/export`. */
export const exportPath = (what: "flows" | "sql", params: Record<string, string>) => `/api/v1/export/${what}?${new URLSearchParams(params)}`;
const answerPath = (what: FileQuestion, ask: unknown, format: string) => `/api/v1/export/query/${what}?${new URLSearchParams({ format, ask: JSON.stringify(ask) })}`;

/** Flows, or the answer to a statement. */
export function Download({ what, params }: { what: "flows" | "sql"; params: Record<string, string> }) {
  return <Files files={[{ what, href: (format) => exportPath(what, { ...params, format }) }]} />;
}

/** Answers to questions, each as the page asked it; `small` where a panel's head has little room. */
export function DownloadAnswer({ answers, small = false }: { answers: { what: FileQuestion; ask: unknown }[]; small?: boolean }) {
  return <Files files={answers.map(({ what, ask }) => ({ what, href: (format) => answerPath(what, ask, format) }))} small={small} />;
}

function Files({ files, small = false }: { files: { what: string; href: (format: string) => string }[]; small?: boolean }) {
  const { t } = useWords();
  return (
    <Popup
      label={t("download.label")}
      face={
        <>
          <Icon name="download" size={13} /> {small ? null : t("download.label")}
        </>
      }
      align="right"
      className="button small"
    >
      {(close) =>
        files.map(({ what, href }) => (
          <div key={what} className="download">
            <p className="hint">{t(`download.${what}`)}</p>
            {FORMATS.map((format) => (
              <a key={format} className="button small" href={href(format)} download onClick={close}>
                {t(`download.${format}`)}
              </a>
            ))}
          </div>
        ))
      }
    </Popup>
  );
}
