// SPDX-License-Identifier: Apache-2.0
// Trying a rule over the time range of the page.
import { useMutation } from "@tanstack/react-query";
import { call } from "../../api/client";
import type { RuleTried, RuleTry } from "../../gen/api";
import { useScope } from "../../parts/scope";

export function useTry() {
  const { ask } = useScope();
  return useMutation({ mutationFn: (rule: Omit<RuleTry, "from" | "to">) => call<RuleTried>("POST", "/rules/try", { ...rule, from: ask.from, to: ask.to }) });
}
