// SPDX-License-Identifier: Apache-2.0
// One way to call the server: JSON in, JSON out, every failure a `Failure` with the server's own words.
import type { ApiError } from "../gen/api";

/** A refused or failed call. `status` is 0 when the server could not be reached. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly error: ApiError,
  ) {
    super(error.message);
  }
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Calls one operation under `/api/v1`. */
export async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, signal: signal ?? null, credentials: "same-origin" };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`/api/v1${path}`, init).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new Failure(0, blank("network", String(cause)));
  });
  if (!answer.ok) throw new Failure(answer.status, await readError(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function readError(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => null);
  if (body && typeof body === "object" && "message" in body) return { ...blank("", ""), ...(body as Partial<ApiError>) };
  return blank("http", `HTTP ${answer.status}`);
}

function blank(code: string, message: string): ApiError {
  return { code, message, message_ja: message, path: null, at: null };
}
