// SPDX-License-Identifier: Apache-2.0
// Loading, empty and failed, in words; every panel uses these three.
import type { ReactNode } from "react";
import { Failure } from "../api/client";
import { useWords } from "../i18n";
import { Icon } from "./Icon";

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useWords();
  return (
    <div className="loading" role="status">
      <span className="sr-only">{t("state.loading")}</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} className="skeleton" style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title?: string; children?: ReactNode }) {
  const { t } = useWords();
  return (
    <div className="empty" role="status">
      <p>{title ?? t("state.empty")}</p>
      {children}
    </div>
  );
}

/** What went wrong, in the person's language, with a way to try again. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t, complain } = useWords();
  const failure = error instanceof Failure ? error : null;
  const title = failure?.status === 0 ? t("state.unreachable") : failure && failure.status < 500 ? t("state.refused") : t("state.failed");
  const detail = failure ? (failure.status === 0 ? t("state.unreachableHint") : complain(failure.error)) : String(error);
  return (
    <div className="error-note" role="alert">
      <Icon name="alert" />
      <div>
        <strong>{title}</strong>
        <p>{detail}</p>
        {failure?.error.path ? <code>{failure.error.path}</code> : null}
      </div>
      {retry ? (
        <button type="button" className="button small" onClick={retry}>
          {t("action.retry")}
        </button>
      ) : null}
    </div>
  );
}

interface Answer<T> {
  data: T | undefined;
  error: unknown;
  isPlaceholderData?: boolean;
  refetch: () => unknown;
}

/** Shows a query's data once it is there; earlier data stays, dimmed, while newer is fetched. */
export function Shown<T>({ answer, rows, children }: { answer: Answer<T>; rows?: number; children: (data: T) => ReactNode }) {
  if (answer.error) return <ErrorNote error={answer.error} retry={() => void answer.refetch()} />;
  if (answer.data === undefined) return <Loading {...(rows ? { rows } : {})} />;
  return <div className={answer.isPlaceholderData ? "shown stale" : "shown"}>{children(answer.data)}</div>;
}
