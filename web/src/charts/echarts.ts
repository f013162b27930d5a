// SPDX-License-Identifier: Apache-2.0
// The parts of ECharts in use; imported lazily so that it stays out of the first load.
import { BarChart, LineChart, SankeyChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { init, use as register } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";

register([BarChart, LineChart, SankeyChart, GridComponent, TooltipComponent, LabelLayout, CanvasRenderer]);

export { init };
