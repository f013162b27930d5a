// SPDX-License-Identifier: Apache-2.0
// Starts the console.
// The theme comes first, so that the style of a part can refine it.
import "./theme/variables.css";
import "./theme/base.css";
import "./theme/frame.css";
import "./theme/panels.css";
import "./theme/popups.css";
import "./theme/tables.css";
import "./theme/facts.css";
import "./theme/marks.css";
import "./theme/grid.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { startI18n } from "./i18n";
import { applyTheme } from "./theme/theme";

applyTheme();
startI18n();
const root = document.getElementById("root");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
