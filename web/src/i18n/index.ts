// SPDX-License-Identifier: Apache-2.0
// Languages: the words live in en.json and ja.json; this picks one and offers what views need of it.
import i18next from "i18next";
import { useCallback } from "react";
import { initReactI18next, useTranslation } from "react-i18next";
import type { ApiError, Text2 } from "../gen/api";
import type { Column } from "../gen/columns";
import en from "./en.json";
import ja from "./ja.json";

export type Language = "en" | "ja";
const KEY = "minamo.language";

function preferred(): Language {
  const stored = localStorage.getItem(KEY);
  if (stored === "en" || stored === "ja") return stored;
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

export function startI18n(language: Language = preferred()): void {
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ja: { translation: ja } },
    lng: language,
    fallbackLng: "en",
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = language;
}

export function setLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** The words of the current language, and the right half of texts the server sends in both. */
export function useWords() {
  const { t, i18n } = useTranslation();
  const language: Language = i18n.language === "ja" ? "ja" : "en";
  const say = useCallback((text: Text2) => (language === "ja" ? text.ja || text.en : text.en).replaceAll("`", ""), [language]);
  const doc = useCallback((column: Pick<Column, "doc" | "doc_ja">) => (language === "ja" ? column.doc_ja || column.doc : column.doc).replaceAll("`", ""), [language]);
  const complain = useCallback((error: Pick<ApiError, "message" | "message_ja">) => (language === "ja" ? error.message_ja || error.message : error.message), [language]);
  const of = useCallback((column: string, value: string) => t(`word.${column}.${value}`, { defaultValue: "" }) || null, [t]);
  return { t, language, say, doc, complain, of };
}
