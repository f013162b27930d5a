// SPDX-License-Identifier: Apache-2.0
// Answers as files. Links, not requests: the browser writes to disk while the server still reads.
import { useWords } from "../i18n";
import { Icon } from "./Icon";
import { Popup } from "./Popup";

export const FORMATS = ["csv", "jsonl", "parquet"] as const;

/** Address of a download under `/api/v1/export`. */
export const exportPath = (what: "flows" | "sql", params: Record<string, string>) => `/api/v1/export/${what}?${new URLSearchParams(params)}`;

export function Download({ what, params }: { what: "flows" | "sql"; params: Record<string, string> }) {
  const { t } = useWords();
  return (
    <Popup label={t("download.label")} face={<><Icon name="download" size={13} /> {t("download.label")}</>} align="right" className="button small">
      {(close) => (
        <div className="download">
          <p className="hint">{t(`download.${what}`)}</p>
          {FORMATS.map((format) => (
            <a key={format} className="button small" href={exportPath(what, { ...params, format })} download onClick={close}>
              {t(`download.${format}`)}
            </a>
          ))}
        </div>
      )}
    </Popup>
  );
}
