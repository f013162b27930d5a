// SPDX-License-Identifier: Apache-2.0
// Signing in, rightly and wrongly.
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { answer, Refusal, show } from "../../parts/testing";
import { Login } from "./Login";

const fill = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

test("a wrong password keeps the user name and says so", async () => {
  answer({ "/session": new Refusal(401, { code: "login", message: "no", message_ja: "いいえ", path: null, at: null }) });
  show(<Login enter={vi.fn()} again={false} />);
  fill("User name", "admin");
  fill("Password", "wrong");
  fireEvent.click(screen.getByText("Sign in"));
  expect((await screen.findByRole("alert")).textContent).toContain("User name or password is wrong.");
  expect(screen.getByLabelText<HTMLInputElement>("User name").value).toBe("admin");
  expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("");
});

test("the right password enters", async () => {
  const enter = vi.fn();
  answer({ "/session": null });
  show(<Login enter={enter} again={false} />);
  fill("User name", "admin");
  fill("Password", "right");
  fireEvent.click(screen.getByText("Sign in"));
  await waitFor(() => expect(enter).toHaveBeenCalledWith("admin"));
});
