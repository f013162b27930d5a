// SPDX-License-Identifier: Apache-2.0
// The status page: figures and counters.
import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { answer, show, STATUS } from "../../parts/testing";
import { Status } from "./Status";

test("shows figures and finds counters", async () => {
  answer({ "/status": { ...STATUS, counters: [{ name: "meter_flows_total", labels: "", value: 3 }, { name: "capture_dropped_total", labels: 'interface="eth1"', value: 12_345 }] } });
  show(<Status />);
  expect(await screen.findByText("12,345")).toBeTruthy();
  expect(screen.getByText("4.10 kB")).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Find a counter"), { target: { value: "eth1" } });
  expect(screen.queryByText("meter_flows_total")).toBeNull();
});
